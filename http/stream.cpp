#include "http/stream.hpp"

#include "events/stream.hpp"
#include "http/limits.hpp"
#include "http/view_json.hpp"

namespace carillon::http {

expected<std::string> event_stream::next() {
  using namespace std::chrono_literals;
  if (is_stopping_)
    return refuse(errc::unavailable, "the server stops");
  auto found = engine_.events(after_, stream_batch_max);
  if (!found)
    return unexpected<error>{std::move(found).error()};
  if (found->empty()) {
    // A timeout is the ordinary case: nothing happened.
    (void)engine_.wait_for(after_ + 1, 1s);
    if (std::chrono::steady_clock::now() - last_write_ < stream_heartbeat)
      return std::string{};
    last_write_ = std::chrono::steady_clock::now();
    return std::string{":\n\n"};
  }
  std::string out;
  for (const auto& recorded : *found) {
    out += "id: " + std::to_string(recorded.at) + "\nevent: ";
    out += events::type_name(recorded.what);
    out += "\ndata: " + to_json(recorded) + "\n\n";
  }
  after_ = found->back().at;
  last_write_ = std::chrono::steady_clock::now();
  return out;
}

} // namespace carillon::http
