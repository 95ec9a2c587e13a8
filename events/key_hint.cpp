#include "events/key_hint.hpp"

#include <algorithm>
#include <vector>

namespace carillon::events {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string in_quotes(std::string_view text) { return "'" + std::string{text.substr(0, 64)} + "'"; }

std::string hint(std::string_view name, std::span<const std::string_view> allowed) {
  std::string out;
  for (const auto candidate : allowed)
    if (name.size() < 32 && edit_distance(name, candidate) <= 2 && out.empty())
      out = "did you mean '" + std::string{candidate} + "'? ";
  out += "allowed are ";
  for (std::size_t i = 0; i < allowed.size(); ++i)
    out += (i == 0 ? "" : ", ") + std::string{allowed[i]};
  return out;
}

std::optional<error> unknown_key(const nlohmann::json& object, const std::string& path,
                                 std::span<const std::string_view> allowed) {
  for (const auto& [key, unused] : object.items())
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      return error{errc::invalid_argument,
                   "unknown key " + in_quotes(key) + "; " + hint(key, allowed),
                   path + '.' + key.substr(0, 64)};
  return std::nullopt;
}

} // namespace carillon::events
