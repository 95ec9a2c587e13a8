#pragma once

#include "carillon/expected.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace carillon::http {

/// Keeps the SHA-256 of the bearer token, never the token.
class token_check {
public:
  explicit token_check(std::string_view token);

  /// Whether an Authorization header carries the token; takes the same time for every wrong one.
  bool accepts(std::string_view authorization) const;

private:
  std::array<std::uint8_t, 32> digest_{};
};

/// 256 random bits in hex. Errors: internal (no randomness).
expected<std::string> make_token();

/// The token in `file`, without blanks around it.
/// Errors: not_found, denied (unreadable), invalid_argument (empty, too long, others may read it).
expected<std::string> read_token(const std::filesystem::path& file);

/// `read_token`, or a new token written to `file` with mode 0600 when there is no such file.
expected<std::string> read_or_make_token(const std::filesystem::path& file);

} // namespace carillon::http
