#include "tools/caret.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace carillon::tools {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array quartz_words{"second"sv, "minute"sv,      "hour"sv, "day"sv,
                                  "month"sv,  "day_of_week"sv, "year"sv};

/// Where the words of `text` begin.
std::vector<std::size_t> words_of(std::string_view text) {
  std::vector<std::size_t> out;
  bool is_inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_blank = text[i] == ' ' || text[i] == '\t';
    if (!is_blank && !is_inside)
      out.push_back(i);
    is_inside = !is_blank;
  }
  return out;
}

/// Where the field that `name` ends in begins; 0 when the text is one field.
std::optional<std::size_t> field_begin(std::string_view text, std::string_view name) {
  const auto field = name.substr(name.rfind('.') + 1);
  const auto found = std::find(quartz_words.begin(), quartz_words.end(), field);
  if (found == quartz_words.end())
    return 0;
  const auto words = words_of(text);
  auto index = static_cast<std::size_t>(found - quartz_words.begin());
  if (words.size() == 5) // a crontab has no seconds
    --index;
  if (words.size() < 5 || index >= words.size())
    return std::nullopt;
  return words[index];
}

} // namespace

std::optional<std::size_t> column_in(std::string_view text, const error& e) {
  constexpr std::string_view mark = " at column ";
  const auto at = e.message.rfind(mark);
  if (at == std::string::npos || text.starts_with('{'))
    return std::nullopt;
  std::size_t column = 0;
  std::from_chars(e.message.data() + at + mark.size(), e.message.data() + e.message.size(), column);
  const auto begin = field_begin(text, e.field);
  if (!begin || column == 0 || *begin + column > text.size() + 1)
    return std::nullopt;
  return *begin + column;
}

std::string caret(std::string_view text, const error& e) {
  const auto column = column_in(text, e);
  if (!column)
    return {};
  // A tab stays one, so that the caret stands where it should.
  std::string below{text.substr(0, *column - 1)};
  std::replace_if(
      below.begin(), below.end(), [](char c) { return c != '\t'; }, ' ');
  return std::string{text} + '\n' + below + "^\n";
}

} // namespace carillon::tools
