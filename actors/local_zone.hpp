#pragma once

#include <string>

namespace carillon::actors {

/// IANA name of the machine's zone: $TZ, else where /etc/localtime points, else /etc/timezone, else
/// "UTC".
std::string local_zone_name();

/// Version of the machine's zone table, such as "2026a", as its tzdata.zi or +VERSION says, in
/// $TZDIR or /usr/share/zoneinfo; empty = neither says it.
std::string zone_table_version();

} // namespace carillon::actors
