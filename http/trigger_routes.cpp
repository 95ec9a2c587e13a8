#include "http/answers.hpp"
#include "http/preview.hpp"
#include "http/spec_json.hpp"

namespace carillon::http {

response preview_route(const call& c) {
  const auto body = read_object(c.in.body);
  if (!body)
    return to_response(body.error());
  std::vector<field_error> errors;
  fields in{*body, schema_of("preview"), errors};
  const auto spec = read_trigger(in);
  const auto& options = c.engine.options();
  const auto now = (options.time != nullptr ? *options.time : wall_clock()).now();
  const auto from = in.instant("from").value_or(now);
  const auto id = in.text("id").value_or("");
  const auto count = in.integer("count", 0).value_or(preview_fires_default);
  if (count > preview_fires_max)
    in.refuse("count", "is " + std::to_string(count) + ", allowed are 0 to " +
                           std::to_string(preview_fires_max));
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto filled = c.engine.with_calendars(*spec);
  if (!filled)
    return to_response(filled.error());
  const auto trigger = fire_times::of(*filled, {from, options.default_zone, id});
  if (!trigger)
    return to_response(trigger.error());
  const auto preview = preview_of(*trigger, from, static_cast<std::size_t>(count));
  if (!preview)
    return to_response(preview.error());
  return json(200, to_json(*preview));
}

} // namespace carillon::http
