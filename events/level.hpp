#pragma once

#include "carillon/event.hpp"
#include "carillon/expected.hpp"

#include <cstdint>
#include <span>

/// Format levels: what builds of different age may write into one log. docs/event-log.md, "Levels".
namespace carillon::events {

/// The level of a log in which no `level_raised` stands.
inline constexpr std::uint32_t first_level = 1;

/// The newest level that this build reads and may write. Behind a function, so that tests/levels
/// can make a program of a newer level from the same libraries.
std::uint32_t format_level() noexcept;

/// The level that a log must have before `e` may be written to it. An event whose field list has
/// `static std::uint32_t level(const Event&)` says so itself: all of its kind, or those that use a
/// newer field. Every other one is of the first level.
std::uint32_t level_of(const event& e);

/// Whether this build may use a log of level `log`.
/// Errors: unsupported (says which level it is, and which this build knows).
expected<void> check_known(std::uint32_t log);

/// Whether `what` may be written to a log of level `log`.
/// Errors: unsupported (names the event, its level, and how the log's is raised).
expected<void> check_writable(std::span<const event> what, std::uint32_t log);

} // namespace carillon::events
