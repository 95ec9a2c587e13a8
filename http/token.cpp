#include "http/token.hpp"

#include "http/limits.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::http {
namespace {

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> out{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
  return out;
}

std::string reason() { return std::strerror(errno); }

/// Closes its descriptor.
struct open_file {
  int fd;
  ~open_file() {
    if (fd >= 0)
      ::close(fd);
  }
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

expected<void> write_token(const std::filesystem::path& file, const std::string& token) {
  // O_EXCL: of two daemons that start at once, one makes the token and the other one reads it.
  const open_file out{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (out.fd < 0)
    return refuse(errc::denied, "token file " + file.string() + ": " + reason(), "token_file");
  const auto line = token + '\n';
  if (::write(out.fd, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::fsync(out.fd) != 0)
    return refuse(errc::no_space, "token file " + file.string() + ": " + reason(), "token_file");
  return {};
}

} // namespace

token_check::token_check(std::string_view token) : digest_{sha256(token)} {}

bool token_check::accepts(std::string_view authorization) const {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size() ||
      authorization.size() > scheme.size() + token_bytes_max)
    return false;
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if ((authorization[i] | 0x20) != scheme[i])
      return false;
  const auto given = sha256(authorization.substr(scheme.size()));
  return CRYPTO_memcmp(given.data(), digest_.data(), digest_.size()) == 0;
}

expected<std::string> make_token() {
  static constexpr char digits[] = "0123456789abcdef";
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return refuse(errc::internal, "no random bytes for a token");
  std::string out;
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

expected<std::string> read_token(const std::filesystem::path& file) {
  const open_file in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.fd < 0)
    return refuse(errno == ENOENT ? errc::not_found : errc::denied,
                  "token file " + file.string() + ": " + reason(), "token_file");
  struct stat about {};
  if (::fstat(in.fd, &about) != 0 || !S_ISREG(about.st_mode))
    return refuse(errc::invalid_argument, "token file " + file.string() + " is not a file",
                  "token_file");
  if ((about.st_mode & 077) != 0)
    return refuse(errc::invalid_argument,
                  "token file " + file.string() + " may be read by others: chmod 600 it",
                  "token_file");
  std::string text(token_bytes_max + 2, '\0');
  const auto size = ::read(in.fd, text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  const auto token = trimmed(text);
  if (token.empty() || token.size() > token_bytes_max)
    return refuse(errc::invalid_argument,
                  "token file " + file.string() + " must hold 1 to " +
                      std::to_string(token_bytes_max) + " characters",
                  "token_file");
  return std::string{token};
}

expected<std::string> read_or_make_token(const std::filesystem::path& file) {
  auto present = read_token(file);
  if (present || present.error().code != errc::not_found)
    return present;
  std::error_code failure;
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path(), failure);
  auto made = make_token();
  if (!made)
    return made;
  if (auto written = write_token(file, *made); !written) {
    if (auto other = read_token(file))
      return other;
    return unexpected<error>{std::move(written).error()};
  }
  return made;
}

} // namespace carillon::http
