// The files that `carillon import` reads.

#include "fuzz/steps.hpp"
#include "fuzz/targets.hpp"
#include "tools/apscheduler_plan.hpp"
#include "tools/crontab_plan.hpp"
#include "tools/kubernetes_plan.hpp"
#include "tools/systemd_plan.hpp"

#include <algorithm>
#include <string>

namespace carillon::fuzz {
namespace {

/// A machine with one user, and no files.
tools::import_context machine() {
  tools::import_context out;
  out.source = "fuzz:file";
  out.zone = "Europe/Berlin";
  out.find_account = [](const std::string& name) -> expected<tools::account> {
    if (name == "root")
      return tools::account{"root", "/root"};
    return refuse(errc::not_found, "there is no user '" + name + "'");
  };
  out.read = [](const std::string& path) -> expected<std::string> {
    return refuse(errc::not_found, path);
  };
  return out;
}

/// Messages stand in the file; schedules can be made of what was read.
void use(const tools::import_plan& plan, std::string_view text) {
  const auto lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  for (const auto& message : plan.messages) {
    require(!message.text.empty());
    require(message.line <= lines);
  }
  for (const auto& each : plan.schedules) {
    require(!each.id.empty());
    step(each.trigger);
  }
}

} // namespace

void crontab_import(std::string_view input) {
  const auto [which, text] = choose(input, 2);
  use(tools::plan_crontab({"crontab", std::string{text}}, which == 1, machine()), text);
}

void systemd_import(std::string_view input) {
  constexpr std::string_view between = "\n---\n";
  const auto cut = input.find(between);
  const auto timer = input.substr(0, cut);
  const auto service = cut == std::string_view::npos ? "[Service]\nExecStart=/bin/true\n"
                                                     : input.substr(cut + between.size());
  use(tools::plan_systemd(
          {{"/units/job.timer", std::string{timer}}, {"/units/job.service", std::string{service}}},
          machine()),
      input);
}

void kubernetes_import(std::string_view input) {
  use(tools::plan_kubernetes({"jobs.yaml", std::string{input}}, machine()), input);
}

void apscheduler_import(std::string_view input) {
  use(tools::plan_apscheduler({"schedules.json", std::string{input}}, machine()), input);
}

} // namespace carillon::fuzz
