#include "http/suggestion.hpp"

#include "events/key_hint.hpp"

#include <algorithm>

namespace carillon::http {
namespace {

/// Names longer than this are nobody's misspelling.
constexpr std::size_t name_size_max = 64;

} // namespace

std::string_view closest(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.size() > name_size_max)
    return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto candidate : candidates) {
    const auto distance = events::edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates) {
  if (const auto near = closest(name, candidates); !near.empty())
    return ", did you mean '" + std::string{near} + "'?";
  if (candidates.empty())
    return ", none is taken here";
  std::string out = ", known are ";
  for (std::size_t i = 0; i < candidates.size(); ++i)
    out += (i == 0 ? "" : ", ") + std::string{candidates[i]};
  return out;
}

} // namespace carillon::http
