#pragma once

// Internal to events/: what to say about a name that does not exist.

#include "carillon/expected.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace carillon::events {

/// Characters to insert, delete or replace to make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The text in quotes, cut to 64 characters.
std::string in_quotes(std::string_view text);

/// "allowed are a, b, c", after "did you mean b?" where one is near.
std::string hint(std::string_view name, std::span<const std::string_view> allowed);

/// The error for the first key of the object that is not allowed; `path` names the object.
std::optional<error> unknown_key(const nlohmann::json& object, const std::string& path,
                                 std::span<const std::string_view> allowed);

} // namespace carillon::events
