// libFuzzer target for everything that reads a trigger from outside: JSON, crontab, cron fields,
// zone names. Whatever is accepted must be stored and read back equal, and must step forwards.

#include "events/trigger_json.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace std::chrono_literals;

const carillon::time_point now{1'767'225'600s};

void require(bool claim) {
  if (!claim)
    std::abort();
}

void step(const carillon::trigger_spec& spec) {
  namespace triggers = carillon::triggers;
  const auto resolved = triggers::resolve(spec, {now, "Europe/Berlin"});
  if (!resolved)
    return;
  const auto text = carillon::events::trigger_to_json(*resolved);
  const auto again = carillon::events::trigger_from_json(text);
  require(again.has_value());
  require(triggers::resolve(*again, {now + 1h, "UTC"}).value() == *resolved);
  const auto compiled = triggers::compile(*resolved);
  require(compiled.has_value());
  carillon::trigger_cursor cursor;
  std::optional<carillon::time_point> previous;
  for (int i = 0; i < 5; ++i) {
    const auto fire = triggers::next(*compiled, cursor);
    if (!fire || !fire->at)
      return;
    require(!previous || *fire->at > *previous);
    previous = fire->at;
    cursor = fire->cursor;
  }
}

void try_crontab(std::string_view text, carillon::cron_dialect dialect) {
  if (const auto spec = carillon::cron_from_crontab(text, dialect))
    step({*spec});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first byte says what the rest is.
  if (size == 0 || size > 4096)
    return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 4) {
  case 0: try_crontab(text, carillon::cron_dialect::apscheduler); break;
  case 1: try_crontab(text, carillon::cron_dialect::vixie); break;
  case 2: {
    carillon::cron spec;
    const auto cut = std::min(text.find(';'), text.size());
    spec.day = std::string{text.substr(0, cut)};
    spec.year = std::string{text.substr(std::min(cut + 1, text.size()))};
    step({spec});
    break;
  }
  default:
    if (const auto spec = carillon::events::trigger_from_json(text))
      step(*spec);
  }
  return 0;
}
