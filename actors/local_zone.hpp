#pragma once

#include <string>

namespace carillon::actors {

/// IANA name of the machine's zone: $TZ, else where /etc/localtime points, else /etc/timezone, else
/// "UTC".
std::string local_zone_name();

} // namespace carillon::actors
