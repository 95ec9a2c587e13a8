#include "runs/environment.hpp"

#include <cstdlib>
#include <map>

namespace carillon::runs {
namespace {

constexpr const char* path_default = "/usr/local/bin:/usr/bin:/bin";
constexpr const char* inherited[] = {"HOME", "USER", "LANG", "TZ"};

} // namespace

std::vector<std::string> clean_environment(const run_spec& spec) {
  std::map<std::string, std::string> variables{{"PATH", path_default}};
  for (const char* name : inherited)
    if (const char* text = std::getenv(name))
      variables[name] = text;
  for (const auto& [name, text] : spec.env)
    variables[name] = text;
  variables["CARILLON_JOB_ID"] = to_string(spec.job);
  variables["CARILLON_TASK_ID"] = spec.task;
  variables["CARILLON_ATTEMPT"] = std::to_string(spec.attempt);
  variables["CARILLON_FENCE"] = std::to_string(spec.fence);
  variables["CARILLON_NODE"] = spec.node;
  variables.erase("CARILLON_SCHEDULE_ID");
  variables.erase("CARILLON_DUE_MS");
  if (!spec.schedule.empty())
    variables["CARILLON_SCHEDULE_ID"] = spec.schedule;
  if (spec.due_ms)
    variables["CARILLON_DUE_MS"] = std::to_string(*spec.due_ms);
  std::vector<std::string> lines;
  lines.reserve(variables.size());
  for (const auto& [name, text] : variables)
    lines.push_back(name + "=" + text);
  return lines;
}

} // namespace carillon::runs
