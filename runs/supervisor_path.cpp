#include "runs/supervisor_path.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

namespace carillon::runs {
namespace {

constexpr const char* program_name = "carillon_supervisor";

} // namespace

expected<std::filesystem::path> find_supervisor(const std::filesystem::path& given) {
  std::vector<std::filesystem::path> candidates;
  std::error_code code;
  if (const char* named = std::getenv("CARILLON_SUPERVISOR"); !given.empty()) {
    candidates.push_back(given);
  } else if (named != nullptr && *named != '\0') {
    candidates.emplace_back(named);
  } else {
    auto beside = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
    candidates = {beside / program_name, beside / "../libexec/carillon" / program_name,
                  beside / ".." / program_name,
                  std::filesystem::path{CARILLON_LIBEXEC_DIR} / program_name};
  }
  std::string places;
  for (const auto& candidate : candidates) {
    if (std::filesystem::is_regular_file(candidate, code) && ::access(candidate.c_str(), X_OK) == 0)
      return std::filesystem::absolute(candidate, code).lexically_normal();
    places += (places.empty() ? "" : ", ") + candidate.lexically_normal().string();
  }
  return refuse(errc::not_found, "no supervisor program at " + places, "supervisor");
}

} // namespace carillon::runs
