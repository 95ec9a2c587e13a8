#include "http/suggestion.hpp"

#include <algorithm>
#include <vector>

namespace carillon::http {
namespace {

/// Names longer than this are nobody's misspelling.
constexpr std::size_t name_size_max = 64;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      const auto changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({changed, above + 1, row[j - 1] + 1});
      diagonal = above;
    }
  }
  return row[b.size()];
}

} // namespace

std::string_view closest(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.size() > name_size_max)
    return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(name, candidate);
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
