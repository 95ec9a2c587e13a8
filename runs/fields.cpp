#include "runs/fields.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::runs {
namespace {

// On disk since 0.1: a new layout needs a new number.
constexpr std::string_view first_line = "carillon-run 1\n";
constexpr std::string_view last_line = "end\n";

unexpected<error> corrupt_at(std::size_t offset, std::string_view what) {
  return refuse(errc::corrupt,
                "run file is damaged at byte " + std::to_string(offset) + ": " + std::string{what});
}

expected<void> write_all(int fd, std::string_view bytes, const char* name) {
  while (!bytes.empty()) {
    auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return refuse_errno(std::string{"writing "} + name);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

expected<void> write_and_close(int directory, const char* name, std::string_view bytes, bool sync) {
  int fd = ::openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return refuse_errno(std::string{"creating "} + name);
  auto done = write_all(fd, bytes, name);
  if (done && sync && ::fsync(fd) != 0)
    done = refuse_errno(std::string{"syncing "} + name);
  ::close(fd);
  return done;
}

} // namespace

std::string encode_fields(const std::vector<field>& fields) {
  std::string text{first_line};
  for (const auto& f : fields) {
    text += f.key;
    text += ' ';
    text += std::to_string(f.value.size());
    text += '\n';
    text += f.value;
    text += '\n';
  }
  text += last_line;
  return text;
}

expected<std::vector<field>> decode_fields(std::string_view text) {
  if (text.substr(0, first_line.size()) != first_line)
    return refuse(errc::unsupported, "not a run file of version 1");
  std::vector<field> fields;
  std::size_t at = first_line.size();
  while (text.substr(at) != last_line) {
    auto line_end = text.find('\n', at);
    if (line_end == std::string_view::npos)
      return corrupt_at(at, "a line without an end");
    auto line = text.substr(at, line_end - at);
    auto blank = line.find(' ');
    if (blank == std::string_view::npos || blank == 0)
      return corrupt_at(at, "expected 'key length'");
    std::size_t length = 0;
    auto [end, code] = std::from_chars(line.data() + blank + 1, line.data() + line.size(), length);
    if (code != std::errc{} || end != line.data() + line.size())
      return corrupt_at(at + blank + 1, "the length is not a number");
    auto value_at = line_end + 1;
    if (length >= text.size() - value_at || text[value_at + length] != '\n')
      return corrupt_at(value_at, "the value is cut off");
    fields.push_back(
        {std::string{line.substr(0, blank)}, std::string{text.substr(value_at, length)}});
    at = value_at + length + 1;
  }
  return fields;
}

expected<std::int64_t> number_of(const field& f) {
  std::int64_t number = 0;
  auto [end, code] = std::from_chars(f.value.data(), f.value.data() + f.value.size(), number);
  if (code != std::errc{} || end != f.value.data() + f.value.size())
    return refuse(errc::corrupt, "run file: '" + f.key + "' is not a number", f.key);
  return number;
}

expected<std::string> read_file(int directory, const char* name, std::size_t bytes_max) {
  int fd = ::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT)
    return refuse(errc::not_found, std::string{"no file "} + name);
  if (fd < 0)
    return refuse_errno(std::string{"opening "} + name);
  std::string bytes;
  char chunk[16 * 1024];
  ssize_t n = 0;
  while (bytes.size() <= bytes_max) {
    n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    bytes.append(chunk, static_cast<std::size_t>(n));
  }
  int code = errno;
  ::close(fd);
  errno = code;
  if (n < 0)
    return refuse_errno(std::string{"reading "} + name);
  if (bytes.size() > bytes_max)
    return refuse(errc::limit_exceeded,
                  std::string{name} + " is over " + std::to_string(bytes_max) + " bytes");
  return bytes;
}

expected<void> write_file(int directory, const char* name, std::string_view bytes) {
  return write_and_close(directory, name, bytes, false);
}

expected<void> write_file_durably(int directory, const char* name, std::string_view bytes) {
  auto temporary = std::string{name} + ".tmp";
  if (auto done = write_and_close(directory, temporary.c_str(), bytes, true); !done)
    return done;
  if (::renameat(directory, temporary.c_str(), directory, name) != 0)
    return refuse_errno("renaming " + temporary);
  if (::fsync(directory) != 0)
    return refuse_errno("syncing the run directory");
  return {};
}

unexpected<error> refuse_errno(std::string_view what) {
  int code = errno;
  auto kind = code == ENOSPC || code == EDQUOT ? errc::no_space : errc::internal;
  return refuse(kind, std::string{what} + ": " + std::strerror(code));
}

} // namespace carillon::runs
