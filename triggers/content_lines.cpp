#include "triggers/content_lines.hpp"

#include <algorithm>

namespace carillon::triggers {

std::string capitals(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string content_line::parameter(std::string_view key) const {
  std::string_view rest = parameters;
  while (!rest.empty()) {
    rest.remove_prefix(1); // the ;
    bool is_quoted = false;
    std::size_t size = 0;
    for (; size < rest.size() && (is_quoted || rest[size] != ';'); ++size)
      is_quoted = is_quoted != (rest[size] == '"');
    const auto each = rest.substr(0, size);
    rest.remove_prefix(size);
    const auto equals = std::min(each.find('='), each.size());
    if (capitals(each.substr(0, equals)) != key)
      continue;
    auto out = each.substr(std::min(equals + 1, each.size()));
    if (out.size() >= 2 && out.front() == '"' && out.back() == '"')
      out = out.substr(1, out.size() - 2);
    return std::string{out};
  }
  return {};
}

content_reader::content_reader(std::string_view text) : rest_{text} {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (rest_.starts_with(mark))
    rest_.remove_prefix(mark.size());
}

std::optional<content_line> content_reader::next() {
  std::string whole;
  while (whole.empty() && !rest_.empty()) {
    whole = raw();
    begin_ = number_;
  }
  if (whole.empty())
    return std::nullopt;
  while (rest_.starts_with(' ') || rest_.starts_with('\t'))
    whole += raw().substr(1);
  return split(whole);
}

std::string_view content_reader::raw() {
  const auto end = rest_.find('\n');
  auto line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  ++number_;
  return line;
}

content_line content_reader::split(const std::string& whole) const {
  bool is_quoted = false;
  std::size_t colon = 0;
  for (; colon < whole.size() && (is_quoted || whole[colon] != ':'); ++colon)
    is_quoted = is_quoted != (whole[colon] == '"');
  if (colon == whole.size())
    return {begin_, {}, {}, whole};
  const auto head = whole.substr(0, colon);
  const auto name_end = std::min(head.find(';'), head.size());
  return {begin_, capitals(head.substr(0, name_end)), head.substr(name_end),
          whole.substr(colon + 1)};
}

} // namespace carillon::triggers
