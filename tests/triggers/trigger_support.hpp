#pragma once

// What the trigger tests share: short ways to build, and to list fire times.

#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::triggers::test {

inline time_point at(std::string_view text) {
  const auto parsed = parse_instant(text);
  if (!parsed) // not REQUIRE: used before tests run, too
    throw std::invalid_argument{parsed.error().message};
  return *parsed;
}

inline when instant(std::string_view text) { return {at(text), false}; }
inline when wall(const std::string& text) { return {at(text + "Z"), true}; }

inline const resolve_context utc_context{at("2026-01-01T00:00:00Z"), "UTC"};

/// Resolves and compiles; the test fails when either refuses.
inline compiled_trigger built(const trigger_spec& spec,
                              const resolve_context& context = utc_context) {
  auto resolved = resolve(spec, context);
  INFO((resolved ? std::string{} : resolved.error().message));
  REQUIRE(resolved);
  auto compiled = compile(*resolved);
  INFO((compiled ? std::string{} : compiled.error().message));
  REQUIRE(compiled);
  return *compiled;
}

/// The error that resolving gives; the test fails when it is accepted.
inline error refused(const trigger_spec& spec, const resolve_context& context = utc_context) {
  auto resolved = resolve(spec, context);
  REQUIRE_FALSE(resolved);
  return resolved.error();
}

/// Up to `count` fire times, as text in the trigger's zone.
inline std::vector<std::string> fires(const compiled_trigger& trigger, int count) {
  std::vector<std::string> out;
  trigger_cursor cursor;
  for (int i = 0; i < count; ++i) {
    auto fire = next(trigger, cursor);
    REQUIRE(fire);
    if (!fire->at)
      break;
    out.push_back(to_rfc3339(*fire->at, offset_at(trigger, *fire->at)));
    cursor = fire->cursor;
  }
  return out;
}

inline cron crontab(std::string_view text, cron_dialect dialect = cron_dialect::apscheduler) {
  auto parsed = cron_from_crontab(text, dialect);
  REQUIRE(parsed);
  return *parsed;
}

inline trigger_spec with(decltype(trigger_spec::kind) kind, std::string zone,
                         std::optional<when> start = {}, std::optional<when> end = {}) {
  return {std::move(kind), std::move(zone), start, end};
}

using texts = std::vector<std::string>;

} // namespace carillon::triggers::test
