#pragma once

#include <string>
#include <string_view>

namespace carillon {

/// `text` as one segment of a path, a query or a topic: all but letters, digits, `-_.~` and the
/// characters of `kept` as %XX (RFC 3986).
std::string percent_encode(std::string_view text, std::string_view kept = {});

} // namespace carillon
