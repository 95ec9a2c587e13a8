#include "http/answers.hpp"
#include "http/spec_json.hpp"
#include "http/view_json.hpp"

namespace carillon::http {

response put_calendar(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto body = read_object(c.in.body);
  if (!body)
    return to_response(body.error());
  const auto& options = c.engine.options();
  const auto now = (options.time != nullptr ? *options.time : wall_clock()).now();
  std::vector<field_error> errors;
  auto days = read_calendar_days(*body, now, errors);
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto done = c.engine.ask(set_calendar{calendar_id{*id}, std::move(days)}, c.info);
  if (!done)
    return to_response(done.error());
  return changed(*done, *id);
}

response get_calendars(const call& c) {
  const auto request = page_of(c);
  if (!request)
    return to_response(request.error());
  const auto found = c.engine.calendars(*request);
  if (!found)
    return to_response(found.error());
  return page_json(*found, [](const calendar_view& view) { return to_json(view, false); });
}

response get_calendar(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto found = c.engine.calendar(calendar_id{*id});
  if (!found)
    return to_response(found.error());
  return json(200, to_json(*found, true));
}

response delete_calendar(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto done = c.engine.ask(remove_calendar{calendar_id{*id}}, c.info);
  if (!done)
    return to_response(done.error());
  return changed(*done, *id);
}

} // namespace carillon::http
