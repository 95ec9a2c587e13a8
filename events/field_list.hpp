#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

/// One field list per persisted struct: binary records, JSON and golden files all come from it, so
/// a field is in all of them or in none. The lists themselves: events/fields.hpp for what is in the
/// log; other folders add theirs (snapshots) in a header of their own.
namespace carillon::events {

/// Specialise for each persisted struct with
///
///     template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
///       visit("id", self.id);                      // JSON name, field
///       visit("note", self.note, since<2>{});      // added in version 2 of the struct
///       visit("args", self.args, json_text{});     // how its text is shown in JSON
///     }
///
/// and, where they differ from the default, with
///
///     static constexpr std::uint32_t version = 2;  // of the binary form; default 1
///     static constexpr bool fixed = true;          // will never get another field; default false
///     static constexpr int depth_max = 33;         // for structs that contain themselves
///
/// The order is the order on disk: append only, each new field with `since`. A `fixed` struct is
/// written without a length, so it can never change; every other nested struct says its length.
template <class T> struct fields_of;

/// Marks a field that version `Version` of the struct added: absent in older bytes, where it keeps
/// its default.
template <std::uint32_t Version> struct since { static constexpr std::uint32_t version = Version; };

/// Marks text that is compact JSON: shown in JSON as the value that it says.
struct json_text {};

/// Marks bytes that are not text: shown in JSON in hexadecimal.
struct hex_text {};

/// Specialise for each persisted enumeration, whose values are 0 to count - 1, with
///
///     static constexpr unsigned count = 2;
///     static std::string_view text(Enum value);    // its stable name in JSON
template <class Enum> struct texts_of;

namespace detail {

struct any_visitor {
  template <class Field, class... Tags> void operator()(std::string_view, Field&&, Tags...) const {}
};

template <class Tag> inline constexpr bool is_since = false;
template <std::uint32_t Version> inline constexpr bool is_since<since<Version>> = true;

} // namespace detail

/// True for structs that have a field list.
template <class T>
concept has_fields = requires(T& value) {
  fields_of<std::remove_const_t<T>>::visit(value, detail::any_visitor{});
};

/// Calls `visit(name, field, tags...)` for each field of `self`, in the order on disk.
template <class Self, class Visit> void visit_fields(Self& self, Visit&& visit) {
  fields_of<std::remove_const_t<Self>>::visit(self, std::forward<Visit>(visit));
}

/// The version that T is written with.
template <class T> constexpr std::uint32_t version_of() {
  if constexpr (requires { fields_of<T>::version; })
    return fields_of<T>::version;
  else
    return 1;
}

/// Whether T is written without a length of its own.
template <class T> constexpr bool is_fixed() {
  if constexpr (requires { fields_of<T>::fixed; })
    return fields_of<T>::fixed;
  else
    return false;
}

/// How deep T may contain itself; 0 = it does not.
template <class T> constexpr int depth_max_of() {
  if constexpr (requires { fields_of<T>::depth_max; })
    return fields_of<T>::depth_max;
  else
    return 0;
}

/// Whether one of a field's tags is `since`.
template <class... Tags> constexpr bool is_optional_tail = (detail::is_since<Tags> || ...);

/// Whether a field carries the tag `Tag`.
template <class Tag, class... Tags> constexpr bool has_tag = (std::is_same_v<Tag, Tags> || ...);

} // namespace carillon::events
