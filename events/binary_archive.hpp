#pragma once

#include "carillon/indirect.hpp"
#include "events/binary_codec.hpp"
#include "events/byte_io.hpp"
#include "events/field_list.hpp"

#include <cereal/cereal.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

/// A cereal archive of our own: see docs/event-log.md for why. Heavy: include it in .cpp files
/// only.
namespace carillon::events {

/// Collects values as bytes: `written()`.
class binary_output final : public cereal::OutputArchive<binary_output>, public byte_writer {
public:
  binary_output() : cereal::OutputArchive<binary_output>{this} {}

  /// Depth of the struct being written within itself.
  int depth = 0;
};

/// Reads values back: a `byte_reader` that knows types.
class binary_input final : public cereal::InputArchive<binary_input>, public byte_reader {
public:
  explicit binary_input(std::string_view bytes)
      : cereal::InputArchive<binary_input>{this}, byte_reader{bytes} {}

  /// Depth of the struct being read within itself.
  int depth = 0;
};

template <class T> void write_value(binary_output& out, const T& value);
template <class T> void read_value(binary_input& in, T& value);

namespace detail {

struct field_writer {
  binary_output& out;
  template <class Field, class... Tags>
  void operator()(std::string_view, const Field& field, Tags...) const {
    if constexpr (std::is_enum_v<Field>)
      write_value(out, field); // cereal would write enumerations by itself, and read any number
    else
      out(field);
  }
};

struct field_reader {
  binary_input& in;
  template <class Field, class... Tags>
  void operator()(std::string_view, Field& field, Tags...) const {
    if constexpr (is_optional_tail<Tags...>)
      if (in.remaining() == 0)
        return; // written before the field was there
    if constexpr (std::is_enum_v<Field>)
      read_value(in, field);
    else
      in(field);
  }
};

/// A struct inside another one.
template <has_fields T> void write(binary_output& out, const T& value) {
  if constexpr (depth_max_of<T>() != 0) {
    ++out.depth;
    assert(out.depth <= depth_max_of<T>()); // the rules check the depth of what users give
  }
  if constexpr (is_fixed<T>()) {
    visit_fields(value, field_writer{out});
  } else {
    const auto frame = out.begin_frame();
    visit_fields(value, field_writer{out});
    out.end_frame(frame);
  }
  if constexpr (depth_max_of<T>() != 0)
    --out.depth;
}

template <has_fields T> void read(binary_input& in, T& value) {
  if constexpr (depth_max_of<T>() != 0)
    if (++in.depth > depth_max_of<T>())
      in.fail();
  if (in.failed())
    return;
  if constexpr (is_fixed<T>()) {
    visit_fields(value, field_reader{in});
  } else {
    const auto* frame = in.begin_frame();
    visit_fields(value, field_reader{in});
    in.end_frame(frame);
  }
  if constexpr (depth_max_of<T>() != 0)
    --in.depth;
}

template <std::integral T> void write(binary_output& out, T value) {
  if constexpr (std::is_same_v<T, bool>)
    out.byte(value ? 1 : 0);
  else if constexpr (std::is_signed_v<T>)
    out.varint(zigzag(value));
  else
    out.varint(value);
}

template <std::integral T> void read(binary_input& in, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    const auto bit = in.byte();
    if (bit > 1)
      in.fail();
    value = bit == 1;
  } else {
    const auto bits = in.varint();
    const auto wide = [&] {
      if constexpr (std::is_signed_v<T>)
        return unzigzag(bits);
      else
        return bits;
    }();
    if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max())
      in.fail();
    value = in.failed() ? T{0} : static_cast<T>(wide);
  }
}

template <class T>
requires std::is_enum_v<T>
void write(binary_output& out, T value) { out.varint(static_cast<std::uint64_t>(value)); }

template <class T>
requires std::is_enum_v<T>
void read(binary_input& in, T& value) {
  const auto number = in.varint();
  if (number >= texts_of<T>::count)
    in.fail();
  else
    value = static_cast<T>(number);
}

inline void write(binary_output& out, const std::string& text) {
  out.varint(text.size());
  out.raw(text.data(), text.size());
}

inline void read(binary_input& in, std::string& text) { text = in.raw(in.count()); }

template <std::size_t Size>
void write(binary_output& out, const std::array<std::uint8_t, Size>& bytes) {
  out.raw(bytes.data(), Size);
}

template <std::size_t Size> void read(binary_input& in, std::array<std::uint8_t, Size>& bytes) {
  const auto raw = in.raw(Size);
  if (!in.failed())
    std::memcpy(bytes.data(), raw.data(), Size);
}

template <class Tag> void write(binary_output& out, const text_id<Tag>& id) {
  write(out, id.value);
}
template <class Tag> void read(binary_input& in, text_id<Tag>& id) { read(in, id.value); }

template <class Tag> void write(binary_output& out, const uuid_id<Tag>& id) {
  write(out, id.bytes);
}
template <class Tag> void read(binary_input& in, uuid_id<Tag>& id) { read(in, id.bytes); }

inline void write(binary_output& out, duration d) { write(out, std::int64_t{d.count()}); }

inline void read(binary_input& in, duration& d) {
  std::int64_t count = 0;
  read(in, count);
  d = duration{count};
}

inline void write(binary_output& out, time_point t) { write(out, t.time_since_epoch()); }

inline void read(binary_input& in, time_point& t) {
  duration since_epoch{};
  read(in, since_epoch);
  t = time_point{since_epoch};
}

template <class T> void write(binary_output& out, const std::optional<T>& value) {
  out.byte(value ? 1 : 0);
  if (value)
    write_value(out, *value);
}

template <class T> void read(binary_input& in, std::optional<T>& value) {
  bool there = false;
  read(in, there);
  value.reset();
  if (there)
    read_value(in, value.emplace());
}

template <class T> void write(binary_output& out, const indirect<T>& value) {
  write_value(out, *value);
}

template <class T> void read(binary_input& in, indirect<T>& value) { read_value(in, *value); }

template <class T> void write(binary_output& out, const std::vector<T>& values) {
  out.varint(values.size());
  for (const auto& value : values)
    write_value(out, value);
}

template <class T> void read(binary_input& in, std::vector<T>& values) {
  const auto size = in.count();
  values.clear();
  // Elements may be larger in memory than on disk: take room only for what the bytes can pay for.
  values.reserve(std::min(size, in.remaining() / sizeof(T) + 1));
  for (std::size_t i = 0; i < size && !in.failed(); ++i)
    read_value(in, values.emplace_back());
}

template <class Key, class T> void write(binary_output& out, const std::map<Key, T>& entries) {
  out.varint(entries.size());
  for (const auto& [key, value] : entries) {
    write_value(out, key);
    write_value(out, value);
  }
}

template <class Key, class T> void read(binary_input& in, std::map<Key, T>& entries) {
  const auto size = in.count();
  entries.clear();
  for (std::size_t i = 0; i < size && !in.failed(); ++i) {
    Key key{};
    read_value(in, key);
    if (!entries.empty() && !(entries.rbegin()->first < key))
      return in.fail(); // keys rise: one value has one form
    read_value(in, entries.emplace_hint(entries.end(), std::move(key), T{})->second);
  }
}

template <class... Kinds> void write(binary_output& out, const std::variant<Kinds...>& value) {
  out.varint(value.index());
  std::visit([&](const auto& kind) { write_value(out, kind); }, value);
}

template <class... Kinds> void read(binary_input& in, std::variant<Kinds...>& value) {
  using reader = void (*)(binary_input&, std::variant<Kinds...>&);
  static constexpr reader readers[] = {+[](binary_input& from, std::variant<Kinds...>& to) {
    read_value(from, to.template emplace<Kinds>());
  }...};
  const auto index = in.varint();
  if (index >= sizeof...(Kinds))
    return in.fail();
  readers[index](in, value);
}

} // namespace detail

template <class T> void write_value(binary_output& out, const T& value) {
  detail::write(out, value);
}

template <class T> void read_value(binary_input& in, T& value) { detail::read(in, value); }

/// How cereal finds us: one function each way for everything that may be a field.
template <class T>
requires(!std::is_enum_v<T>) void CEREAL_SAVE_FUNCTION_NAME(binary_output& out, const T& value) {
  write_value(out, value);
}

template <class T>
requires(!std::is_enum_v<T>) void CEREAL_LOAD_FUNCTION_NAME(binary_input& in, T& value) {
  read_value(in, value);
}

/// Reads the fields of a struct whose bytes are all that `in` has. False when they are corrupt.
template <has_fields T> bool read_fields(binary_input& in, T& value) {
  visit_fields(value, detail::field_reader{in});
  return !in.failed();
}

template <class T> void encode_to(const T& value, std::string& out) {
  binary_output archive;
  archive.varint(version_of<T>());
  visit_fields(value, detail::field_writer{archive});
  out += archive.written();
}

template <class T> std::string encode(const T& value) {
  std::string out;
  encode_to(value, out);
  return out;
}

} // namespace carillon::events

CEREAL_SETUP_ARCHIVE_TRAITS(carillon::events::binary_input, carillon::events::binary_output)
