#include "tools/record_format.hpp"

#include "events/json_codec.hpp"
#include "events/stream.hpp"
#include "http/json_writer.hpp"
#include "tools/table.hpp"

namespace carillon::tools {
namespace {

struct widths {
  std::size_t position = 10;
  std::size_t time = 28;
  std::size_t type = 20;
  std::size_t stream = 40;
};
constexpr widths columns;
constexpr std::size_t data_shown_max = 200;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width)
    text.append(width - text.size(), ' ');
  return text + "  ";
}

std::string line(const std::string& position, const std::string& time, const std::string& type,
                 const std::string& stream, const std::string& data) {
  return padded(position, columns.position) + padded(time, columns.time) +
         padded(type, columns.type) + padded(stream, columns.stream) + data;
}

} // namespace

std::string table_line(const recorded_event& recorded) {
  auto data = events::data_to_json(recorded.what);
  if (data.size() > data_shown_max)
    data = data.substr(0, data_shown_max) + "...";
  return line(std::to_string(recorded.at), local_text(recorded.time),
              std::string{events::type_name(recorded.what)}, events::stream_of(recorded.what),
              data);
}

std::string table_titles() { return line("POSITION", "TIME", "TYPE", "STREAM", "DATA"); }

std::string cloudevent(const recorded_event& recorded) {
  http::json_object out;
  out.text("specversion", "1.0")
      .text("id", std::to_string(recorded.at))
      .text("source", "/carillon/" + recorded.node.value)
      .text("type", "carillon." + std::string{events::type_name(recorded.what)})
      .text("subject", events::stream_of(recorded.what))
      .time("time", recorded.time)
      .text("datacontenttype", "application/json");
  if (recorded.commit && !recorded.commit->traceparent.empty())
    out.text("traceparent", recorded.commit->traceparent);
  return out.raw("data", events::data_to_json(recorded.what)).done();
}

} // namespace carillon::tools
