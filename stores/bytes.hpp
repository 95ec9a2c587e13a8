#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Numbers as bytes, for everything that stores/ writes itself.
namespace carillon::stores {

/// Appends the low `width` bytes of `v`, lowest first.
inline void put_little(std::string& out, std::uint64_t v, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i)
    out.push_back(static_cast<char>(v >> (8 * i)));
}

/// Appends `v` in 7-bit groups, lowest first: 1 byte below 128, at most 10.
inline void put_varint(std::string& out, std::uint64_t v) {
  while (v >= 0x80) {
    out.push_back(static_cast<char>(v | 0x80));
    v >>= 7;
  }
  out.push_back(static_cast<char>(v));
}

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

/// Eight bytes, highest first, so that byte order is number order.
inline std::string big_endian(std::uint64_t v) {
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i)
    out[i] = static_cast<char>(v >> (56 - 8 * i));
  return out;
}

/// Reads what `big_endian` wrote; shorter input counts as missing high bytes.
inline std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 8; ++i)
    v = v << 8 | static_cast<std::uint8_t>(bytes[i]);
  return v;
}

/// Takes values off the front of some bytes. Once something is missing it stays `failed` and
/// yields zeros, so that a sequence of reads needs one check at its end.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : left_{bytes} {}

  bool failed() const noexcept { return failed_; }
  std::string_view left() const noexcept { return left_; }
  /// Goes on with `rest`: for decoders that take from a view themselves.
  void resume(std::string_view rest) noexcept { left_ = rest; }

  std::string_view take(std::uint64_t size) {
    if (failed_ || size > left_.size()) {
      failed_ = true;
      return {};
    }
    auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::uint64_t little(std::size_t width) {
    auto bytes = take(width);
    std::uint64_t v = 0;
    for (std::size_t i = bytes.size(); i > 0; --i)
      v = v << 8 | static_cast<std::uint8_t>(bytes[i - 1]);
    return v;
  }

  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      auto byte = static_cast<std::uint8_t>(little(1));
      v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return v;
    }
    failed_ = true;
    return 0;
  }

  std::string_view text() { return take(varint()); }

private:
  std::string_view left_;
  bool failed_ = false;
};

} // namespace carillon::stores
