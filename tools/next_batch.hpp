#pragma once

#include "carillon/time.hpp"

#include <string>
#include <string_view>

namespace carillon::tools {

/// Fire times of one answer unless the line's `count` says otherwise, and the most it may ask for.
inline constexpr int batch_count_default = 10;
inline constexpr int batch_count_max = 100'000;

/// Where defaults come from: `now` for an absent start_time, `default_zone` for an absent timezone.
struct batch_context {
  time_point now{};
  std::string default_zone = "UTC";
};

/// Answers one line of `carillon next --batch`: a trigger with "id" and optionally "count".
/// `{"id","fires":[...],"exhausted":bool}`, or `{"id","fires","error","message"}` where error is
/// "rejected" or "limit_exceeded". Fire times carry the offset of the trigger's zone; where that
/// offset has seconds (before about 1972), which RFC 3339 cannot say, they are in UTC. Keys with
/// which test vectors are annotated (expect, tags, oracle ...) are ignored.
std::string answer_next_line(std::string_view line, const batch_context& context);

} // namespace carillon::tools
