#pragma once

#include "carillon/event.hpp"
#include "carillon/expected.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Names of events and of the streams they belong to.
namespace carillon::events {

/// The wire name of the event: "job_added".
std::string_view type_name(const event& e);

/// The names of all types; the index is the type's number in a record. The first is "unknown".
std::span<const std::string_view> type_names();

/// The number of the type with that name; none when there is no such type.
std::optional<std::uint32_t> type_number(std::string_view name);

/// "task", "schedule", "job", "node", "calendar".
std::string_view category_name(stream_category category);

/// The kind of thing that the event tells about.
stream_category category_of(const event& e);

/// The id of the thing that the event tells about: a name, or the UUID of a job.
/// Empty for records of unknown types.
std::string entity_of(const event& e);

/// The stream of one entity: "job-0198c5d6-…", "schedule-nightly".
std::string stream_name(stream_category category, std::string_view id);

/// The stream that the event belongs to; "node-" for records of unknown types.
std::string stream_of(const event& e);

/// What a stream's name says.
struct stream_parts {
  stream_category category = stream_category::task;
  std::string id = {};
  bool operator==(const stream_parts&) const = default;
};

/// Reads what `stream_name` wrote. Errors: invalid_argument with field "stream".
expected<stream_parts> parse_stream(std::string_view name);

} // namespace carillon::events
