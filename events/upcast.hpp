#pragma once

#include "events/binary_archive.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

/// Old shapes on disk become today's structs while they are read; nothing on disk is ever
/// rewritten.
namespace carillon::events {

/// Specialise when version N of T breaks with what was written before: T's field list gets
/// `version = N`, the old struct keeps its field list under another name, and
///
///     template <> struct upcast_to<T> {
///       using from = T_v1;                          // read for versions up to its own
///       static T upcast(T_v1 old);                  // total: an old fact is always a fact
///     };
///
/// Old shapes chain: T_v2 may have an `upcast_to` from T_v1. A field that is only added needs no
/// upcast but `since`.
template <class T> struct upcast_to { using from = void; };

/// Reads a T that was written as `version`, into `value`. False when the bytes are corrupt.
template <has_fields T> bool read_version(binary_input& in, std::uint32_t version, T& value) {
  using older = typename upcast_to<T>::from;
  if constexpr (!std::is_void_v<older>)
    if (version <= version_of<older>()) {
      older old{};
      if (!read_version(in, version, old))
        return false;
      value = upcast_to<T>::upcast(std::move(old));
      return true;
    }
  return read_fields(in, value);
}

/// Reads the payload of a record into the alternative of `Variant` that its type number names.
/// The first alternative stands for what is unknown: it has `type`, `version` and `bytes`.
/// Errors: corrupt; `out` is then anything.
template <class Variant>
expected<void> read_payload(std::uint32_t type, std::uint32_t version, std::string_view bytes,
                            Variant& out);

/// Reads what `encode` wrote, by this or another version. Errors: corrupt.
template <class T> expected<T> decode(std::string_view bytes) {
  expected<T> out{T{}}; // the one result that is returned, so that it is never moved
  binary_input in{bytes};
  std::uint32_t version = 0;
  read_value(in, version);
  if (in.failed() || version == 0 || !read_version(in, version, *out))
    out = refuse(errc::corrupt, std::to_string(bytes.size()) + " bytes are corrupt at byte " +
                                    std::to_string(in.offset()));
  return out;
}

namespace detail {

template <class Variant, std::size_t Index>
expected<void> read_alternative(std::uint32_t version, std::string_view bytes, Variant& out) {
  using Event = std::variant_alternative_t<Index, Variant>;
  binary_input in{bytes};
  if (read_version(in, version, out.template emplace<Index>()))
    return {};
  if (version > version_of<Event>()) {
    // A later build wrote something that needs more than skipping a tail: leave it to later builds.
    out = std::variant_alternative_t<0, Variant>{static_cast<std::uint32_t>(Index), version,
                                                 std::string{bytes}};
    return {};
  }
  return refuse(errc::corrupt, std::string{Event::name} + " version " + std::to_string(version) +
                                   " of " + std::to_string(bytes.size()) +
                                   " bytes is corrupt at byte " + std::to_string(in.offset()));
}

template <class Variant, std::size_t... Index>
constexpr auto alternative_readers(std::index_sequence<Index...>) {
  using reader = expected<void> (*)(std::uint32_t, std::string_view, Variant&);
  return std::array<reader, sizeof...(Index)>{&read_alternative<Variant, Index + 1>...};
}

} // namespace detail

template <class Variant>
expected<void> read_payload(std::uint32_t type, std::uint32_t version, std::string_view bytes,
                            Variant& out) {
  static constexpr auto readers = detail::alternative_readers<Variant>(
      std::make_index_sequence<std::variant_size_v<Variant> - 1>{});
  if (type == 0 || type > readers.size()) {
    out = std::variant_alternative_t<0, Variant>{type, version, std::string{bytes}};
    return {};
  }
  if (version == 0)
    return refuse(errc::corrupt, "record of type " + std::to_string(type) +
                                     " says version 0, versions start at 1");
  return readers[type - 1](version, bytes, out);
}

} // namespace carillon::events
