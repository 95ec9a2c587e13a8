#pragma once

#include "carillon/expected.hpp"
#include "carillon/payload.hpp"
#include "carillon/time.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Checks that several aggregates share. Internal to this folder.
namespace carillon::domain {

/// Longest duration that a setting may hold: about a thousand years, so that no fire time plus
/// jitter plus grace overflows.
inline constexpr duration duration_max = std::chrono::hours{24 * 365'250};

/// Most bytes of user data in one set of settings: argv, env, stdin and metadata together.
inline constexpr std::size_t settings_bytes_max = 256 * 1024;

/// What a duration may be at least.
enum class span_floor { zero, above_zero };

/// Accepts none, and durations from `floor` to `duration_max`. Errors: invalid_argument.
expected<void> check_span(std::optional<duration> span, span_floor floor, std::string_view field);

/// Accepts keys that are not empty, values that are JSON text, and `settings_bytes_max` in all.
/// Errors: invalid_argument.
expected<void> check_metadata(const metadata& meta, std::string_view field);

} // namespace carillon::domain
