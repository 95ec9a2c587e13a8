#include "stores/durable_mark.hpp"

#include "stores/bytes.hpp"
#include "stores/sha256.hpp"

#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace carillon::stores {
namespace {

// A slot: position (8 bytes, highest first), chain hash, SHA-256 of both.
constexpr std::size_t slot_bytes = 8 + 2 * sizeof(digest);
// Slots lie in sectors of their own: a torn write spoils one at most.
constexpr off_t slot_distance = 4096;

unexpected<error> failure(std::string_view what) {
  auto code = errno == ENOSPC ? errc::no_space : errc::unavailable;
  return refuse(code, fmt::format("{} the durable mark: {}", what, std::strerror(errno)));
}

std::optional<durable_mark::value> read_slot(int file, unsigned slot) {
  std::array<char, slot_bytes> buffer{};
  auto size = ::pread(file, buffer.data(), buffer.size(), slot * slot_distance);
  if (size != static_cast<ssize_t>(buffer.size()))
    return std::nullopt;
  std::string_view bytes{buffer.data(), buffer.size()};
  auto content = bytes.substr(0, slot_bytes - sizeof(digest));
  if (bytes_of(sha256({content})) != bytes.substr(content.size()))
    return std::nullopt;
  return durable_mark::value{from_big_endian(content.substr(0, 8)), to_digest(content.substr(8))};
}

std::optional<durable_mark::value> newest_slot(int file) {
  auto a = read_slot(file, 0);
  auto b = read_slot(file, 1);
  return !a || (b && b->at > a->at) ? b : a;
}

} // namespace

expected<durable_mark> durable_mark::open(const std::string& path) {
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0)
    return failure("cannot open");
  durable_mark mark{file};
  auto a = read_slot(file, 0);
  auto b = read_slot(file, 1);
  mark.slot_ = a && (!b || a->at > b->at) ? 1 : 0;
  return mark;
}

std::optional<durable_mark::value> durable_mark::read(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return std::nullopt;
  auto mark = newest_slot(file);
  ::close(file);
  return mark;
}

durable_mark::~durable_mark() {
  if (file_ >= 0)
    ::close(file_);
}

durable_mark::durable_mark(durable_mark&& other) noexcept
    : file_{std::exchange(other.file_, -1)}, slot_{other.slot_} {}

std::optional<durable_mark::value> durable_mark::newest() const { return newest_slot(file_); }

expected<void> durable_mark::reset() {
  slot_ = 0;
  if (::ftruncate(file_, 0) != 0)
    return failure("cannot reset");
  return {};
}

expected<void> durable_mark::write(const value& mark) {
  auto bytes = big_endian(mark.at);
  bytes.append(bytes_of(mark.hash));
  bytes.append(bytes_of(sha256({bytes})));
  auto size = ::pwrite(file_, bytes.data(), bytes.size(), slot_ * slot_distance);
  if (size != static_cast<ssize_t>(bytes.size()))
    return failure("cannot write");
  if (::fdatasync(file_) != 0)
    return failure("cannot sync");
  slot_ ^= 1;
  return {};
}

} // namespace carillon::stores
