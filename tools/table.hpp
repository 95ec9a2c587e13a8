#pragma once

#include "carillon/time.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// Output for people: aligned columns, times in the machine's zone, colours on a terminal.
namespace carillon::tools {

/// Columns as wide as their widest cell. Cells whose text is a state or outcome get its colour.
class table {
public:
  explicit table(std::vector<std::string> columns) { rows_.push_back(std::move(columns)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::size_t size() const { return rows_.size() - 1; }
  void print(std::ostream& out, bool has_colours) const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// Whether standard output is a terminal and NO_COLOR is not set.
bool wants_colours();

/// "Mon 2026-11-23 03:00:00 CET"; "-" for none.
std::string local_text(const std::optional<time_point>& t);
/// The two largest units: "5min 3s", "2d 4h", "250ms"; "0s" for nothing.
std::string span_text(duration d);
/// "5min 3s left" or "5min 3s late"; "-" for none.
std::string left_text(const std::optional<time_point>& t, time_point now);
/// "5min 3s ago"; "-" for none.
std::string ago_text(const std::optional<time_point>& t, time_point now);
/// Reads RFC 3339 as it came in JSON; none for empty text.
std::optional<time_point> instant_in(std::string_view text);
/// The text, or "-" when it is empty.
inline std::string dash(std::string text) { return text.empty() ? "-" : std::move(text); }

} // namespace carillon::tools
