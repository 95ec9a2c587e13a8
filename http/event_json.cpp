#include "http/view_json.hpp"

#include "events/json_codec.hpp"
#include "events/stream.hpp"
#include "http/json_writer.hpp"

namespace carillon::http {

std::string to_json(const recorded_event& recorded) {
  json_object commit;
  if (recorded.commit) {
    const auto& meta = *recorded.commit;
    commit.text_or_null("who", meta.who)
        .text_or_null("from", meta.from)
        .text_or_null("correlation", meta.correlation);
    if (meta.causation != 0)
      commit.number("causation", meta.causation);
    else
      commit.null("causation");
    commit.text_or_null("traceparent", meta.traceparent);
  }
  return json_object{}
      .number("position", recorded.at)
      .text("type", events::type_name(recorded.what))
      .text("stream", events::stream_of(recorded.what))
      .time("time", recorded.time)
      .text("node", recorded.node.value)
      .raw("commit", commit.done())
      .raw("data", events::data_to_json(recorded.what))
      .done();
}

} // namespace carillon::http
