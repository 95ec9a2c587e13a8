#pragma once

#include "carillon/event.hpp"
#include "carillon/expected.hpp"

#include <string>
#include <string_view>

/// Facts and values as bytes: little endian, varints, no padding, the same on every machine.
/// Grammar: docs/event-log.md, "Records". Nothing here throws; bytes may come from anybody.
namespace carillon::events {

/// Appends one record to `out`: type, version, length, payload.
void encode_record(const event& e, std::string& out);

/// Reads the record at the front of `in` and moves `in` behind it.
/// A type that this build does not know, or a newer version that it cannot make sense of, comes
/// back as an `unknown_event`; of other newer versions it reads the fields that it knows. Errors:
/// corrupt; `in` is left as it was.
expected<event> decode_record(std::string_view& in);

/// As `decode_record`, into an event that is already in its place (a vector of them, say).
/// Errors: corrupt; `out` is then anything.
expected<void> decode_record_into(std::string_view& in, event& out);

/// The bytes of a struct that has a field list, its version first.
/// Defined for the structs of events/fields.hpp; include events/upcast.hpp in the .cpp for others.
template <class T> std::string encode(const T& value);

/// As `encode`, appended to `out`.
template <class T> void encode_to(const T& value, std::string& out);

/// Reads what `encode` wrote, by this or another version. Errors: corrupt.
template <class T> expected<T> decode(std::string_view bytes);

} // namespace carillon::events
