#pragma once

#include "carillon/expected.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace carillon {

/// A place in the whole log: dense, the first record is 1. 0 means "before everything".
using position = std::uint64_t;

/// Text that names one kind of thing; the tag keeps kinds apart at compile time.
template <class Tag> struct text_id {
  std::string value;

  text_id() = default;
  explicit text_id(std::string v) : value{std::move(v)} {}
  explicit text_id(std::string_view v) : value{v} {}
  explicit text_id(const char* v) : value{v} {}

  bool empty() const noexcept { return value.empty(); }
  auto operator<=>(const text_id&) const = default;
};

/// 128 bits that name one thing; written as a lower-case UUID.
template <class Tag> struct uuid_id {
  std::array<std::uint8_t, 16> bytes{};

  bool empty() const noexcept { return bytes == std::array<std::uint8_t, 16>{}; }
  auto operator<=>(const uuid_id&) const = default;
};

using task_id = text_id<struct task_tag>;         ///< Names a task; see `check_name`.
using schedule_id = text_id<struct schedule_tag>; ///< Names a schedule; see `check_name`.
using node_id = text_id<struct node_tag>;         ///< Names a node (process) of the cluster.
using calendar_id = text_id<struct calendar_tag>; ///< Names a calendar; see `check_name`.
/// Derived for scheduled jobs, UUIDv7 for ad-hoc ones.
using job_id = uuid_id<struct job_tag>;
using commit_id = uuid_id<struct commit_tag>;     ///< The id of the command that a commit answers.

/// Longest name of a task, schedule, calendar or node, in bytes.
inline constexpr std::size_t name_bytes_max = 200;

/// Accepts 1 to 200 characters of `[A-Za-z0-9._:/-]`.
/// Errors: invalid_argument, with `field` as given and the first character at fault in the message.
expected<void> check_name(std::string_view name, std::string_view field);

/// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
std::string uuid_text(const std::array<std::uint8_t, 16>& bytes);
/// Reads what `uuid_text` writes, upper case too. Errors: invalid_argument.
expected<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text);

template <class Tag> std::string to_string(const uuid_id<Tag>& id) { return uuid_text(id.bytes); }

/// Errors: invalid_argument.
template <class Id> expected<Id> parse_id(std::string_view text) {
  auto bytes = parse_uuid(text);
  if (!bytes)
    return unexpected<error>{std::move(bytes).error()};
  Id id;
  id.bytes = *bytes;
  return id;
}

} // namespace carillon

template <class Tag> struct std::hash<carillon::text_id<Tag>> {
  std::size_t operator()(const carillon::text_id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};

template <class Tag> struct std::hash<carillon::uuid_id<Tag>> {
  // UUID bytes are random or time-ordered with random tails: folding the halves spreads well
  // enough.
  std::size_t operator()(const carillon::uuid_id<Tag>& id) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    std::memcpy(&low, id.bytes.data() + 8, 8);
    return static_cast<std::size_t>((high * 0x9E3779B97F4A7C15ULL) ^ low);
  }
};
