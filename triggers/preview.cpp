#include "triggers/preview.hpp"

#include "triggers/civil_time.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr duration tick{1};

template <class T> unexpected<error> pass_on(expected<T>&& failed) {
  return unexpected<error>{std::move(failed).error()};
}

} // namespace

expected<fire> last_until(const compiled_trigger& trigger, fire known, time_point bound) {
  const auto start = known.cursor;
  auto low = *known.at;
  auto high = bound;
  while (low < high) {
    const auto middle = low + (high - low) / 2 + tick; // (low, high]
    auto found = seek(trigger, start, middle);
    if (!found)
      return found;
    if (found->at && *found->at <= bound) {
      known = std::move(*found);
      low = *known.at;
    } else {
      high = middle - tick;
    }
  }
  return known;
}

expected<std::optional<time_point>> previous(const compiled_trigger& trigger, time_point before) {
  before = std::clamp(before, instant_min, instant_max + tick);
  // Looks back further and further until there is a fire time before `before`.
  for (duration span = std::chrono::seconds{1};; span *= 4) {
    const auto from = before - std::min<duration>(span, before - instant_min);
    auto found = seek(trigger, {}, from);
    if (!found)
      return pass_on(std::move(found));
    if (found->at && *found->at < before) {
      auto last = last_until(trigger, std::move(*found), before - tick);
      if (!last)
        return pass_on(std::move(last));
      return last->at;
    }
    if (from == instant_min)
      return std::optional<time_point>{};
  }
}

expected<fire_list> preview(const compiled_trigger& trigger, std::size_t n, time_point from) {
  fire_list out;
  auto found = seek(trigger, {}, from);
  while (found && found->at && out.fires.size() < n) {
    out.fires.push_back(*found->at);
    found = next(trigger, found->cursor);
  }
  if (!found)
    return pass_on(std::move(found));
  out.is_exhausted = !found->at;
  return out;
}

expected<std::uint64_t> count(const compiled_trigger& trigger, time_point from, time_point to,
                              std::uint64_t limit) {
  auto found = seek(trigger, {}, from);
  if (!found)
    return pass_on(std::move(found));
  if (!found->at || *found->at >= to)
    return std::uint64_t{0};
  std::uint64_t out = 1;
  if (const auto step = fixed_step(trigger)) {
    const auto first = *found->at;
    auto last = last_until(trigger, std::move(*found), to - tick);
    if (!last)
      return pass_on(std::move(last));
    out += static_cast<std::uint64_t>((*last->at - first) / *step);
  } else {
    for (; out <= limit; ++out) {
      found = next(trigger, found->cursor);
      if (!found)
        return pass_on(std::move(found));
      if (!found->at || *found->at >= to)
        break;
    }
  }
  if (out > limit)
    return refuse(errc::limit_exceeded, "there are more than " + std::to_string(limit) +
                                            " fire times before " + to_rfc3339(to));
  return out;
}

expected<bool> fires_at(const compiled_trigger& trigger, time_point t) {
  auto found = seek(trigger, {}, t);
  if (!found)
    return pass_on(std::move(found));
  return found->at == t;
}

} // namespace carillon::triggers
