// libFuzzer target for the triggers that are not cron: recurrence rules and dates, repeating
// intervals, OnCalendar events, and triggers of any kind as JSON.

#include "trigger_steps.hpp"

#include <cstdint>

using namespace carillon;

namespace {

const when start{time_point{std::chrono::seconds{1'767'258'000}}, true}; // 2026-01-01 09:00

void try_dates(std::string_view text) {
  const auto date = when_from_text(text);
  if (!date)
    return;
  recurrence kind{start, {"FREQ=MONTHLY;COUNT=3"}, {}, {*date}, {*date, start}};
  fuzz::step({kind, "Europe/Berlin"});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first byte says what the rest is.
  if (size == 0 || size > 4096)
    return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 6) {
  case 0: fuzz::step({recurrence{start, {std::string{text}}}, "Europe/Berlin"}); break;
  case 1:
    fuzz::step(
        {recurrence{start, {"FREQ=DAILY;BYHOUR=2,9"}, {std::string{text}}}, "Europe/Berlin"});
    break;
  case 2: try_dates(text); break;
  case 3: fuzz::step({repeating_interval{std::string{text}}, "Europe/Berlin"}); break;
  case 4: fuzz::step({on_calendar{std::string{text}}, "Europe/Berlin"}); break;
  default:
    if (const auto spec = events::trigger_from_json(text))
      fuzz::step(*spec);
  }
  return 0;
}
