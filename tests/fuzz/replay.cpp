// Runs targets on files: fuzz_replay [--limit-ms N] TARGET FILE_OR_FOLDER...
// A crash is a crash; an input over the limit is named, and the program ends with 1. Prints the
// number of inputs and the slowest of them.

#include "fuzz/steps.hpp"
#include "fuzz/timed.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace carillon::fuzz;

std::vector<fs::path> files_of(const std::vector<std::string>& arguments) {
  std::vector<fs::path> out;
  for (const auto& each : arguments) {
    if (!fs::is_directory(each)) {
      out.emplace_back(each);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator{each})
      if (entry.is_regular_file())
        out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace

int main(int count, char** values) {
  std::vector<std::string> arguments{values + 1, values + count};
  double limit = 1e9;
  if (arguments.size() > 1 && arguments[0] == "--limit-ms") {
    limit = std::strtod(arguments[1].c_str(), nullptr);
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  const auto all = targets();
  const auto found =
      arguments.empty() ? all.end() : std::find_if(all.begin(), all.end(), [&](const auto& each) {
        return each.name == arguments[0];
      });
  if (found == all.end() || arguments.size() < 2) {
    std::fputs("usage: fuzz_replay [--limit-ms N] TARGET FILE_OR_FOLDER...\ntargets:", stderr);
    for (const auto& each : all)
      std::fprintf(stderr, " %s", std::string{each.name}.c_str());
    std::fputs("\n", stderr);
    return 2;
  }
  arguments.erase(arguments.begin());
  const auto files = files_of(arguments);
  found->run({}); // zone tables are read once
  double slowest = 0;
  int over = 0;
  for (const auto& path : files) {
    std::ifstream in{path, std::ios::binary};
    const std::string input{std::istreambuf_iterator<char>{in}, {}};
    if (input.size() > input_size_max)
      continue;
    const auto took = milliseconds_of(found->run, input);
    slowest = std::max(slowest, took);
    if (took > limit) {
      ++over;
      std::printf("%s took %.1f ms\n", path.c_str(), took);
    }
  }
  std::printf("%s: %zu inputs, the slowest took %.2f ms\n", std::string{found->name}.c_str(),
              files.size(), slowest);
  return files.empty() || over > 0 ? 1 : 0;
}
