#include "triggers/clock_change.hpp"

namespace carillon::triggers {
namespace {

// cron(8): a larger change is a correction of the clock, not daylight saving.
constexpr second_count daylight_saving_max = 3 * 3600;

} // namespace

clock_policy policy_of(const trigger_spec& spec, const clock_defaults& defaults) noexcept {
  clock_policy out;
  const auto fold = spec.fold == fold_policy::by_kind ? defaults.fold : spec.fold;
  if (fold == fold_policy::automatic) {
    out.fold = defaults.is_fixed_time ? fold_policy::first : fold_policy::both;
    out.fold_change_max = daylight_saving_max;
  } else {
    out.fold = fold;
  }
  if (spec.gap != gap_policy::by_kind) {
    out.gap = spec.gap;
  } else if (defaults.is_gap_automatic || fold == fold_policy::automatic) {
    out.gap = defaults.is_fixed_time ? gap_policy::next_valid : gap_policy::skip;
    out.gap_change_max = daylight_saving_max;
  }
  return out;
}

} // namespace carillon::triggers
