#include "triggers/resolve.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace carillon::triggers {
namespace {

std::vector<std::string_view> items_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto size = std::min(text.find(','), text.size());
    auto item = text.substr(0, size);
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    item = item.substr(0, item.find_last_not_of(" \t") + 1);
    out.push_back(item);
    if (size == text.size())
      return out;
    text.remove_prefix(size + 1);
  }
}

/// A number, or the number of a weekday (Sunday = 0), which dialect apscheduler writes as its name.
std::optional<int> number_of(std::string_view text) {
  constexpr std::array<std::string_view, 7> weekdays{"sun", "mon", "tue", "wed",
                                                     "thu", "fri", "sat"};
  const auto weekday = std::find(weekdays.begin(), weekdays.end(), text);
  if (weekday != weekdays.end())
    return static_cast<int>(weekday - weekdays.begin());
  int out = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, out);
  return failure == std::errc{} && stop == end ? std::optional{out} : std::nullopt;
}

/// Whether `number` may be what `a~b` became; a side that is left out or a name does not say.
bool may_be(std::string_view item, std::string_view number) {
  const auto cut = item.find('~');
  const auto value = number_of(number);
  if (cut == std::string_view::npos || !value)
    return false;
  const auto first = number_of(item.substr(0, cut));
  const auto last = number_of(item.substr(cut + 1));
  return (!first || *first <= *value) && (!last || *value <= *last);
}

void keep(std::optional<std::string>& text, const std::optional<std::string>& old) {
  if (!text || !old || text->find('~') == std::string::npos)
    return;
  const auto items = items_of(*text);
  const auto old_items = items_of(*old);
  if (items.size() != old_items.size())
    return;
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    out += i == 0 ? "" : ",";
    out += may_be(items[i], old_items[i]) ? old_items[i] : items[i];
  }
  text = std::move(out);
}

} // namespace

cron keep_draws(cron spec, const cron& old) {
  if (spec.dialect != old.dialect)
    return spec;
  for (const auto field : {&cron::year, &cron::month, &cron::day, &cron::week, &cron::day_of_week,
                           &cron::hour, &cron::minute, &cron::second})
    keep(spec.*field, old.*field);
  return spec;
}

} // namespace carillon::triggers
