#include "events/binary_codec.hpp"
#include "events/event_fields.hpp"
#include "events/upcast.hpp"

namespace carillon::events {

extern template expected<event> read_payload<event>(std::uint32_t, std::uint32_t,
                                                    std::string_view);

void encode_record(const event& e, std::string& out) {
  binary_output archive{out};
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
}

expected<event> decode_record(std::string_view& in) {
  binary_input head{in};
  std::uint32_t type = 0;
  std::uint32_t version = 0;
  read_value(head, type);
  read_value(head, version);
  const auto payload = head.raw(head.count());
  if (head.failed())
    return refuse(errc::corrupt, "record is cut off or corrupt at byte " +
                                     std::to_string(head.offset()) + " of " +
                                     std::to_string(in.size()));
  auto out = read_payload<event>(type, version, payload);
  if (out)
    in.remove_prefix(head.offset());
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
