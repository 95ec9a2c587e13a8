#include "http/view_json.hpp"

#include "events/json_codec.hpp"
#include "http/json_writer.hpp"

namespace carillon::http {

std::string to_json(const recorded_event& recorded) { return events::to_json(recorded); }

} // namespace carillon::http
