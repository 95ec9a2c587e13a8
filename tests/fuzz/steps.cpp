#include "fuzz/steps.hpp"

#include "events/trigger_json.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <cstdlib>

namespace carillon::fuzz {

void require(bool claim) {
  if (!claim)
    std::abort();
}

void step(const trigger_spec& spec) {
  using namespace std::chrono_literals;
  const time_point now{1'767'225'600s};
  const auto resolved = triggers::resolve(
      spec, {.now = now, .default_zone = "Europe/Berlin", .schedule = "fuzz", .draw = 7});
  if (!resolved)
    return;
  const auto text = events::trigger_to_json(*resolved);
  const auto again = events::trigger_from_json(text);
  require(again.has_value());
  require(triggers::resolve(*again, {.now = now + 1h}).value() == *resolved);
  const auto structured = events::trigger_from_json(events::trigger_to_structured_json(*resolved));
  require(structured.has_value());
  require(triggers::resolve(*structured, {.now = now + 1h}).value() == *resolved);
  const auto compiled = triggers::compile(*resolved);
  require(compiled.has_value());
  trigger_cursor cursor;
  for (int i = 0; i < 5; ++i) {
    const auto fire = triggers::next(*compiled, cursor);
    if (!fire || !fire->at)
      return;
    require(!cursor.last || *fire->at > *cursor.last);
    if (i == 2) {
      const auto sought = triggers::seek(*compiled, {}, *fire->at);
      require(sought && sought->at == fire->at);
    }
    cursor = fire->cursor;
  }
}

choice choose(std::string_view input, unsigned count) {
  if (input.empty())
    return {};
  return {static_cast<unsigned char>(input.front() - '0') % count, input.substr(1)};
}

} // namespace carillon::fuzz
