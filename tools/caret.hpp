#pragma once

#include "carillon/expected.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::tools {

/// The column, from 1, at which `text` has the mistake that `e` names. Errors of expressions count
/// columns within their field; the field is found by its name among the words of a crontab (5) or
/// Quartz (6 or 7) expression. None when `e` names no column.
std::optional<std::size_t> column_in(std::string_view text, const error& e);

/// `text`, and below it a caret under that column; empty when there is none.
std::string caret(std::string_view text, const error& e);

} // namespace carillon::tools
