#include "tools/table.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <unistd.h>

namespace carillon::tools {
namespace {

/// Columns that people see: UTF-8 continuation bytes take no room.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// Control characters would move the cursor or worse: output of a command is not to be trusted.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out;
}

std::string_view colour_of(std::string_view text) {
  constexpr std::string_view green = "\033[32m";
  constexpr std::string_view yellow = "\033[33m";
  constexpr std::string_view red = "\033[31m";
  constexpr std::string_view grey = "\033[90m";
  if (text == "success" || text == "running")
    return green;
  if (text == "error" || text == "timed_out" || text == "abandoned" || text == "discarded")
    return red;
  if (text == "paused" || text == "missed" || text == "retrying" || text == "cancelled")
    return yellow;
  if (text == "-" || text == "finished")
    return grey;
  return {};
}

} // namespace

void table::print(std::ostream& out, bool has_colours) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto colour =
          has_colours && &row != &rows_.front() ? colour_of(row[i]) : std::string_view{};
      line += std::string{colour} + printable(row[i]) + (colour.empty() ? "" : "\033[0m");
      if (i + 1 < row.size())
        line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

bool wants_colours() {
  const char* refused = std::getenv("NO_COLOR");
  return (!refused || !*refused) && ::isatty(STDOUT_FILENO) == 1;
}

std::string local_text(const std::optional<time_point>& t) {
  if (!t)
    return "-";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*t).time_since_epoch().count();
  const std::time_t time = seconds;
  std::tm parts{};
  std::array<char, 64> text{};
  if (!::localtime_r(&time, &parts))
    return to_rfc3339(*t);
  return std::string{text.data(), std::strftime(text.data(), text.size(), "%a %F %T %Z", &parts)};
}

std::string span_text(duration d) {
  struct unit {
    std::int64_t us;
    const char* name;
  };
  static constexpr unit units[] = {{604'800'000'000, "w"}, {86'400'000'000, "d"},
                                   {3'600'000'000, "h"},   {60'000'000, "min"},
                                   {1'000'000, "s"},       {1'000, "ms"}};
  auto rest = std::abs(d.count());
  std::string out;
  int parts = 0;
  for (const auto& u : units) {
    // Milliseconds matter only below a second.
    if (parts == 2 || (parts == 1 && u.us == 1'000))
      break;
    if (rest >= u.us) {
      out += (out.empty() ? "" : " ") + std::to_string(rest / u.us) + u.name;
      rest %= u.us;
      ++parts;
    } else if (parts > 0) {
      break;
    }
  }
  return out.empty() ? "0s" : out;
}

std::string left_text(const std::optional<time_point>& t, time_point now) {
  if (!t)
    return "-";
  return span_text(*t - now) + (*t >= now ? " left" : " late");
}

std::string ago_text(const std::optional<time_point>& t, time_point now) {
  return t ? span_text(now - *t) + " ago" : "-";
}

std::optional<time_point> instant_in(std::string_view text) {
  if (text.empty())
    return {};
  const auto read = parse_instant(text);
  return read ? std::optional{*read} : std::nullopt;
}

} // namespace carillon::tools
