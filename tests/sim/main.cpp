// carillon_sim: runs simulations of a cluster from a seed, and shows what happens in one.
#include "tests/sim/simulator.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using namespace carillon;
using namespace carillon::sim;

constexpr const char* usage =
    "usage: carillon_sim [--seed N] [--seeds COUNT] [--nodes K] [--minutes M] [--break RULE] "
    "[--trace]\n"
    "  --seed N      the first seed, 1 unless given\n"
    "  --seeds COUNT how many seeds, 1 unless given\n"
    "  --nodes K     1 to 9 nodes; 2 to 5, as the seed says, unless given\n"
    "  --minutes M   virtual time under faults, 2 unless given\n"
    "  --break RULE  leaves out one rule, to see the checkers find out:\n";

int explain() {
  std::fputs(usage, stderr);
  for (const auto& text : rule_texts)
    std::fprintf(stderr, "    %-20s  %s\n", std::string{text.name}.c_str(),
                 std::string{text.broken}.c_str());
  std::fputs("  --trace       says what happens, line by line\n", stderr);
  return 2;
}

void show(const sim_options& options, const sim_report& report) {
  if (report.failure.empty())
    std::printf("seed %llu: %zu nodes, %llu records, %zu jobs, %zu commands acknowledged, "
                "%zu overlaps, calm after %s, chain %.16s\n",
                static_cast<unsigned long long>(options.seed), report.nodes,
                static_cast<unsigned long long>(report.positions), report.jobs, report.acknowledged,
                report.overlaps, to_string(report.calmed_after).c_str(), report.chain.c_str());
  else
    std::printf("seed %llu: BROKEN at %s\n  %s --trace\n",
                static_cast<unsigned long long>(options.seed), report.failure.c_str(),
                replay_command(options).c_str());
}

} // namespace

int main(int argc, char** argv) {
  sim_options options;
  std::uint64_t seeds = 1;
  for (int i = 1; i < argc; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(argv[i], name) == 0; };
    if (is("--trace")) {
      options.trace = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
      continue;
    }
    if (i + 1 >= argc)
      return explain();
    const char* value = argv[i + 1];
    const auto number = std::strtoull(value, nullptr, 10);
    if (is("--break")) {
      const auto broken = rule_named(value);
      if (!broken)
        return explain();
      options.broken = *broken;
    } else if (number == 0) {
      return explain();
    } else if (is("--seed")) {
      options.seed = number;
    } else if (is("--seeds")) {
      seeds = number;
    } else if (is("--nodes") && number < 10) {
      options.nodes = number;
    } else if (is("--minutes") && number < 1000) {
      options.minutes = static_cast<int>(number);
    } else {
      return explain();
    }
    ++i;
  }
  std::uint64_t broken = 0;
  for (const auto end = options.seed + seeds; options.seed < end; ++options.seed) {
    const auto report = simulate(options);
    show(options, report);
    broken += !report.failure.empty();
  }
  return broken == 0 ? 0 : 1;
}
