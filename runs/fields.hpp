#pragma once

#include "carillon/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::runs {

/// One named string of a run file; a key may repeat.
struct field {
  std::string key;   ///< No blanks, no line ends.
  std::string value; ///< Any bytes.
};

/// The text of a run file: a version line, "key length\nbytes\n" for each field, and "end\n".
std::string encode_fields(const std::vector<field>& fields);

/// Reads what `encode_fields` writes. Errors: corrupt (with the byte offset), unsupported
/// (version).
expected<std::vector<field>> decode_fields(std::string_view text);

/// Errors: corrupt, naming `key`.
expected<std::int64_t> number_of(const field& f);

/// The whole file `name` in `directory`. Errors: not_found, limit_exceeded (over `bytes_max`),
/// internal.
expected<std::string> read_file(int directory, const char* name, std::size_t bytes_max);

/// Creates or replaces `name` (mode 0600) without waiting for the disk. Errors: no_space, internal.
expected<void> write_file(int directory, const char* name, std::string_view bytes);

/// As `write_file`, but whole or not at all whatever happens, and on disk when it returns.
expected<void> write_file_durably(int directory, const char* name, std::string_view bytes);

/// An error for the current `errno`: "<what>: <text>". `no_space` when the disk or quota is full.
unexpected<error> refuse_errno(std::string_view what);

} // namespace carillon::runs
