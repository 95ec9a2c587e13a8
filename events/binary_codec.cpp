#include "events/binary_codec.hpp"
#include "events/event_fields.hpp"
#include "events/upcast.hpp"

namespace carillon::events {

extern template expected<void> read_payload(std::uint32_t, std::uint32_t, std::string_view, event&);

void encode_record(const event& e, std::string& out) {
  binary_output archive;
  std::visit(
      [&]<class Event>(const Event& what) {
        if constexpr (std::is_same_v<Event, unknown_event>) {
          archive.varint(what.type);
          archive.varint(what.version);
          write_value(archive, what.bytes);
        } else {
          archive.varint(e.index());
          archive.varint(version_of<Event>());
          const auto frame = archive.begin_frame();
          visit_fields(what, detail::field_writer{archive});
          archive.end_frame(frame);
        }
      },
      e);
  out += archive.written();
}

expected<void> decode_record_into(std::string_view& in, event& out) {
  byte_reader head{in};
  const auto type = head.varint();
  const auto version = head.varint();
  const auto payload = head.raw(head.count());
  if (head.failed())
    return refuse(errc::corrupt, "record is cut off or corrupt at byte " +
                                     std::to_string(head.offset()) + " of " +
                                     std::to_string(in.size()));
  constexpr auto number_max = std::numeric_limits<std::uint32_t>::max();
  if (type > number_max || version > number_max)
    return refuse(errc::corrupt, "record says type " + std::to_string(type) + " version " +
                                     std::to_string(version) + ", at most " +
                                     std::to_string(number_max) + " is allowed");
  auto done = read_payload<event>(static_cast<std::uint32_t>(type),
                                  static_cast<std::uint32_t>(version), payload, out);
  if (done)
    in.remove_prefix(head.offset());
  return done;
}

expected<event> decode_record(std::string_view& in) {
  expected<event> out{event{}}; // the one result that is returned, so that it is never moved
  if (auto done = decode_record_into(in, *out); !done)
    out = unexpected<error>{std::move(done).error()};
  return out;
}

template std::string encode(const commit_meta&);
template void encode_to(const commit_meta&, std::string&);
template expected<commit_meta> decode(std::string_view);

template std::string encode(const task_settings&);
template void encode_to(const task_settings&, std::string&);
template expected<task_settings> decode(std::string_view);

template std::string encode(const schedule_settings&);
template void encode_to(const schedule_settings&, std::string&);
template expected<schedule_settings> decode(std::string_view);

template std::string encode(const trigger_spec&);
template void encode_to(const trigger_spec&, std::string&);
template expected<trigger_spec> decode(std::string_view);

template std::string encode(const trigger_cursor&);
template void encode_to(const trigger_cursor&, std::string&);
template expected<trigger_cursor> decode(std::string_view);

template std::string encode(const payload&);
template void encode_to(const payload&, std::string&);
template expected<payload> decode(std::string_view);

} // namespace carillon::events
