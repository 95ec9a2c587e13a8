// libFuzzer target for cron: crontab text of each dialect, and fields of their own, `H` and `a~b`
// among them.

#include "trigger_steps.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

using namespace carillon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first byte says what the rest is.
  if (size == 0 || size > 4096)
    return 0;
  constexpr std::array dialects{cron_dialect::apscheduler, cron_dialect::vixie,
                                cron_dialect::seconds, cron_dialect::jenkins};
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (const auto which = data[0] % 6; which < dialects.size()) {
    if (const auto spec = trigger_from_crontab(text, dialects[which]))
      fuzz::step(*spec);
  } else if (which == 4) {
    if (const auto spec = cron_from_quartz(text))
      fuzz::step({*spec});
  } else {
    cron spec;
    const auto cut = std::min(text.find(';'), text.size());
    spec.day = std::string{text.substr(0, cut)};
    spec.year = std::string{text.substr(std::min(cut + 1, text.size()))};
    fuzz::step({spec});
  }
  return 0;
}
