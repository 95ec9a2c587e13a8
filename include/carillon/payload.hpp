#pragma once

#include "carillon/value.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace carillon {

/// Names bytes that are kept beside the log: their SHA-256 and their size.
struct blob_ref {
  std::array<std::uint8_t, 32> digest{};
  std::uint64_t size = 0;

  bool operator==(const blob_ref&) const = default;
};

/// Payloads longer than this, in bytes, are kept as blobs beside the log.
inline constexpr std::size_t payload_inline_bytes_max = 1024;

/// Arguments, a result or captured output: text kept in the record itself, or a blob by digest.
/// Never both; neither means "none".
struct payload {
  std::string text = {};              ///< JSON for arguments and results, raw text for output.
  std::optional<blob_ref> blob = {};

  bool empty() const noexcept { return text.empty() && !blob; }
  bool operator==(const payload&) const = default;
};

/// What a job is called with.
struct arguments {
  value::array args = {};    ///< Positional.
  value::object kwargs = {}; ///< Named.

  bool operator==(const arguments&) const = default;
};

/// The payload of `a`; empty when there are no arguments.
payload to_payload(const arguments& a);

/// Reads what `to_payload` wrote. Errors: invalid_argument.
expected<arguments> to_arguments(std::string_view text);

/// User data with string keys; each value is compact JSON text. Merged by key: the later wins.
using metadata = std::map<std::string, std::string>;

/// The entries of both; those of `over` win (TSK-09).
metadata merge(const metadata& under, const metadata& over);

} // namespace carillon
