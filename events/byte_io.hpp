#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

/// Bytes, varints and length-prefixed frames in memory: the alphabet of the binary codec.
namespace carillon::events {

/// Small signed numbers as small unsigned ones: 0, -1, 1, -2 become 0, 1, 2, 3.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

/// The inverse of `zigzag`.
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Collects bytes; what fits 512 bytes touches no heap.
class byte_writer {
public:
  byte_writer() = default;
  byte_writer(const byte_writer&) = delete;
  byte_writer& operator=(const byte_writer&) = delete;

  /// What was written so far. Valid until the next write.
  std::string_view written() const { return {start_, size()}; }

  void byte(std::uint8_t value) {
    ensure(1);
    *pos_++ = static_cast<char>(value);
  }

  void varint(std::uint64_t value) {
    ensure(varint_bytes_max);
    while (value >= 0x80) {
      *pos_++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *pos_++ = static_cast<char>(value);
  }

  void raw(const void* data, std::size_t size) {
    ensure(size);
    if (size != 0)
      std::memcpy(pos_, data, size);
    pos_ += size;
  }

  /// Starts something that says its length first; hand the result to `end_frame`.
  std::size_t begin_frame() {
    const auto at = size();
    byte(0); // right for lengths below 128; `end_frame` makes room for longer ones
    return at;
  }

  void end_frame(std::size_t at) {
    const auto length = size() - at - 1;
    if (length < 0x80) {
      start_[at] = static_cast<char>(length);
      return;
    }
    const auto more = static_cast<std::size_t>(std::bit_width(length) - 1) / 7;
    ensure(more + varint_bytes_max);
    std::memmove(start_ + at + 1 + more, start_ + at + 1, length);
    char* const end = pos_ + more;
    pos_ = start_ + at;
    varint(length);
    pos_ = end;
  }

private:
  static constexpr std::size_t varint_bytes_max = 10;
  static constexpr std::size_t inline_bytes = 512;

  std::size_t size() const { return static_cast<std::size_t>(pos_ - start_); }

  void ensure(std::size_t count) {
    if (static_cast<std::size_t>(end_ - pos_) < count) [[unlikely]]
      grow(count);
  }

  [[gnu::noinline]] void grow(std::size_t count) {
    const auto used = size();
    std::vector<char> larger(std::max(2 * used, used + count));
    std::memcpy(larger.data(), start_, used);
    spill_ = std::move(larger);
    start_ = spill_.data();
    pos_ = start_ + used;
    end_ = start_ + spill_.size();
  }

  char inline_[inline_bytes]; // not initialised: only what was written is ever read
  std::vector<char> spill_;
  char* start_ = inline_;
  char* pos_ = inline_;
  char* end_ = inline_ + inline_bytes;
};

/// Reads bytes that may come from anybody. The first thing that is wrong ends it: from then on
/// everything reads as zero and `failed` says so. No size is believed before its bytes are there.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes)
      : start_{bytes.data()}, pos_{bytes.data()}, end_{bytes.data() + bytes.size()} {}
  byte_reader(const byte_reader&) = delete;
  byte_reader& operator=(const byte_reader&) = delete;

  bool failed() const { return failed_; }
  /// Where reading stands, or stopped, in bytes from the start.
  std::size_t offset() const { return static_cast<std::size_t>(pos_ - start_); }
  /// What is left of the innermost frame.
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - pos_); }

  void fail() {
    failed_ = true;
    end_ = pos_;
  }

  std::uint8_t byte() {
    if (pos_ == end_) [[unlikely]] {
      fail();
      return 0;
    }
    return static_cast<std::uint8_t>(*pos_++);
  }

  std::uint64_t varint() {
    if (pos_ != end_ && static_cast<std::uint8_t>(*pos_) < 0x80)
      return static_cast<std::uint8_t>(*pos_++);
    return long_varint();
  }

  /// A count of things that take at least one byte each; fails when so many bytes are not there.
  std::size_t count() {
    const auto value = varint();
    if (value > remaining()) [[unlikely]] {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(value);
  }

  /// The next `size` bytes, or none when there are fewer.
  std::string_view raw(std::size_t size) {
    if (size > remaining()) [[unlikely]] {
      fail();
      return {};
    }
    const std::string_view out{pos_, size};
    pos_ += size;
    return out;
  }

  /// Enters something that says its length; hand the result to `end_frame`.
  const char* begin_frame() {
    const auto length = count();
    const auto* outer = end_;
    if (!failed_)
      end_ = pos_ + length;
    return outer;
  }

  /// Leaves it, and skips what a newer version may have put behind the fields we know.
  void end_frame(const char* outer) {
    if (failed_)
      return;
    pos_ = end_;
    end_ = outer;
  }

private:
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      const std::uint64_t bits = next & 0x7F;
      if (failed_ || (shift == 63 && bits > 1) || (next == 0 && shift != 0))
        break; // cut off, more than 64 bits, or longer than it needs to be
      value |= bits << shift;
      if (next < 0x80)
        return value;
    }
    fail();
    return 0;
  }

  const char* start_;
  const char* pos_;
  const char* end_;
  bool failed_ = false;
};

} // namespace carillon::events
