#pragma once

#include <cstdint>

namespace carillon::events {

/// The newest log format that this build reads and may write. A log that carries a higher level is
/// refused; nothing above a log's level is written until a `level_raised` record allows it.
inline constexpr std::uint32_t format_level = 1;

} // namespace carillon::events
