#pragma once

// Internal to triggers/: the lines of iCalendar (RFC 5545, section 3.1).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::triggers {

/// "DTSTART;VALUE=DATE:20261224", taken apart.
struct content_line {
  std::size_t number = 0; ///< From 1: where it begins in the text.
  std::string name;       ///< In capitals; empty when the line has no colon.
  std::string parameters; ///< As written, each with a `;` before it.
  std::string value;      ///< What follows the colon; without one all of the line.

  /// The value of a parameter, without quotes; empty when there is none. `key` is in capitals.
  std::string parameter(std::string_view key) const;
};

/// Reads lines, unfolded: one that begins with a blank goes on the one before it. Empty ones are
/// passed over.
class content_reader {
public:
  explicit content_reader(std::string_view text);

  /// The next line; none at the end.
  std::optional<content_line> next();

private:
  std::string_view raw();
  content_line split(const std::string& whole) const;

  std::string_view rest_;
  std::size_t number_ = 0;
  std::size_t begin_ = 0;
};

/// ASCII letters as capitals.
std::string capitals(std::string_view text);

} // namespace carillon::triggers
