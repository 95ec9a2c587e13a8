#include "domain/checks.hpp"

#include "carillon/value.hpp"

namespace carillon::domain {

expected<void> check_span(std::optional<duration> span, span_floor floor, std::string_view field) {
  if (!span)
    return {};
  const bool too_short =
      floor == span_floor::zero ? *span < duration::zero() : *span <= duration::zero();
  if (!too_short && *span <= duration_max)
    return {};
  const std::string lowest = floor == span_floor::zero ? "at least 0" : "more than 0";
  return refuse(errc::invalid_argument,
                std::string{field} + " is " + std::to_string(span->count()) +
                    " microseconds, allowed is " + lowest + " and at most 1000 years",
                std::string{field});
}

expected<void> check_metadata(const metadata& meta, std::string_view field) {
  std::size_t bytes = 0;
  for (const auto& [key, text] : meta) {
    if (key.empty())
      return refuse(errc::invalid_argument, std::string{field} + " has an empty key",
                    std::string{field});
    bytes += key.size() + text.size();
    if (bytes > settings_bytes_max)
      return refuse(errc::invalid_argument,
                    std::string{field} + " has more than " + std::to_string(settings_bytes_max) +
                        " bytes",
                    std::string{field});
    if (!parse_json(text))
      return refuse(errc::invalid_argument, "the value of '" + key + "' is not JSON",
                    std::string{field} + "." + key);
  }
  return {};
}

} // namespace carillon::domain
