#include "domain/schedule_aggregate.hpp"

#include "values/stable_hash.hpp"

#include <algorithm>
#include <string>

#include <uuid/uuid.h>

namespace carillon::domain {
namespace {

// Part of every scheduled job's id since 0.1: never change.
/// The UUID namespace of derived job ids: 6c1f8a52-93d7-4be0-8f43-2d6c5b0e7a11.
constexpr uuid_t job_namespace = {0x6c, 0x1f, 0x8a, 0x52, 0x93, 0xd7, 0x4b, 0xe0,
                                  0x8f, 0x43, 0x2d, 0x6c, 0x5b, 0x0e, 0x7a, 0x11};

std::int64_t micros(time_point t) { return t.time_since_epoch().count(); }

std::uint64_t hash_of(const schedule_id& id, position incarnation, time_point fire_time) {
  const auto hash = mix(stable_hash(id.value) ^ incarnation);
  return mix(hash ^ static_cast<std::uint64_t>(micros(fire_time)));
}

/// `jitter_max`, but so that the run starts before the following one.
duration capped(duration jitter_max, time_point fire_time, std::optional<time_point> following) {
  if (following)
    jitter_max = std::min(jitter_max, *following - fire_time - duration{1});
  return std::max(jitter_max, duration::zero());
}

/// The place in [0, longest] that the hash names.
duration within(duration longest, std::uint64_t hash) {
  // The remainder's bias is below 1 in 500 for the longest jitter allowed, and not visible for
  // hours.
  const auto choices = static_cast<std::uint64_t>(longest.count()) + 1;
  return duration{static_cast<std::int64_t>(hash % choices)};
}

} // namespace

job_id derived_job_id(const schedule_id& id, position incarnation, time_point fire_time) {
  // '|' occurs in no schedule id, so different parts never make the same text.
  const auto name =
      id.value + '|' + std::to_string(incarnation) + "|fire|" + std::to_string(micros(fire_time));
  job_id result;
  uuid_generate_sha1(result.bytes.data(), job_namespace, name.data(), name.size());
  return result;
}

duration derived_jitter(const schedule_id& id, position incarnation, time_point fire_time,
                        duration jitter_max, std::optional<time_point> following) {
  return within(capped(jitter_max, fire_time, following), hash_of(id, incarnation, fire_time));
}

duration stable_jitter(const schedule_id& id, time_point fire_time, duration jitter_max,
                       std::optional<time_point> following) {
  return std::min(within(jitter_max, stable_hash(id.value)),
                  capped(jitter_max, fire_time, following));
}

} // namespace carillon::domain
