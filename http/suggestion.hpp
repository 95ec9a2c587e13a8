#pragma once

#include <span>
#include <string>
#include <string_view>

namespace carillon::http {

/// The candidate nearest to `name` by edit distance; empty when none is near enough to be meant.
std::string_view closest(std::string_view name, std::span<const std::string_view> candidates);

/// ", did you mean 'x'?" when a candidate is near, else ", known are a, b, c".
std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates);

} // namespace carillon::http
