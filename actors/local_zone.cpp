#include "actors/local_zone.hpp"

#include "triggers/civil_time.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace carillon::actors {
namespace {

/// Longest version of a zone table that is believed.
constexpr std::size_t version_bytes_max = 40;

} // namespace

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

std::string zone_table_version() {
  const char* variable = std::getenv("TZDIR");
  const std::filesystem::path folder = variable != nullptr ? variable : "/usr/share/zoneinfo";
  std::string line;
  constexpr std::string_view prefix = "# version ";
  if (std::getline(std::ifstream{folder / "tzdata.zi"}, line) && line.starts_with(prefix))
    return line.substr(prefix.size(), version_bytes_max);
  std::string version;
  std::ifstream{folder / "+VERSION"} >> version;
  return version.substr(0, version_bytes_max);
}

} // namespace carillon::actors
