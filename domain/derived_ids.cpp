#include "domain/schedule_aggregate.hpp"

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

/// SplitMix64's finaliser: each bit of the input reaches each bit of the output.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// The same 64 bits on every machine and in every release, unlike std::hash.
std::uint64_t stable_hash(const schedule_id& id, position incarnation, time_point fire_time) {
  std::uint64_t hash = 0;
  for (const unsigned char byte : id.value)
    hash = mix(hash ^ byte);
  hash = mix(hash ^ incarnation);
  return mix(hash ^ static_cast<std::uint64_t>(micros(fire_time)));
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
  auto longest = jitter_max;
  if (following)
    longest = std::min(longest, *following - fire_time - duration{1});
  if (longest <= duration::zero())
    return duration::zero();
  // The remainder's bias is below 1 in 500 for the longest jitter allowed, and not visible for
  // hours.
  const auto choices = static_cast<std::uint64_t>(longest.count()) + 1;
  return duration{static_cast<std::int64_t>(stable_hash(id, incarnation, fire_time) % choices)};
}

} // namespace carillon::domain
