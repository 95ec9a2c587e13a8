#pragma once

#include <cstdint>
#include <string>

/// What PostgreSQL itself can take, beside which figures of a shared log stand.
namespace carillon::bench {

/// Records a second: `count` rows of 200 bytes under rising keys, 1,000 in a synced statement, into
/// a table made for it in the database at `connect` (as libpq reads it), and dropped after.
/// Ends the program when the database refuses.
double raw_synced_inserts(const std::string& connect, std::uint64_t count);

} // namespace carillon::bench
