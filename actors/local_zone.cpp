#include "actors/local_zone.hpp"

#include "triggers/civil_time.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace carillon::actors {

std::string local_zone_name() {
  const auto is_zone = [](const std::string& name) {
    return !name.empty() && triggers::find_zone(name).has_value();
  };
  if (const char* variable = std::getenv("TZ")) {
    std::string name = variable[0] == ':' ? variable + 1 : variable;
    if (is_zone(name))
      return name;
  }
  std::error_code failure;
  const auto link = std::filesystem::read_symlink("/etc/localtime", failure).string();
  constexpr std::string_view folder = "zoneinfo/";
  if (const auto at = link.rfind(folder); at != std::string::npos)
    if (auto name = link.substr(at + folder.size()); is_zone(name))
      return name;
  std::string name;
  if (std::ifstream{"/etc/timezone"} >> name && is_zone(name))
    return name;
  return "UTC";
}

} // namespace carillon::actors
