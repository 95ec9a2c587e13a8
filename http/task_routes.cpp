#include "http/answers.hpp"
#include "http/spec_json.hpp"
#include "http/view_json.hpp"

namespace carillon::http {

response put_task(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto body = read_object(c.in.body, true);
  if (!body)
    return to_response(body.error());
  std::vector<field_error> errors;
  auto options = read_task_options(*body, errors);
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto done = c.engine.ask(configure_task{task_id{*id}, std::move(options)}, c.info);
  if (!done)
    return to_response(done.error());
  return changed(*done, *id);
}

response get_tasks(const call& c) {
  const auto request = page_of(c);
  if (!request)
    return to_response(request.error());
  const auto found = c.engine.tasks(*request);
  if (!found)
    return to_response(found.error());
  return page_json(*found, [](const task_view& view) { return to_json(view); });
}

response get_task(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto found = c.engine.task(task_id{*id});
  if (!found)
    return to_response(found.error());
  return json(200, to_json(*found));
}

response delete_task(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto done = c.engine.ask(remove_task{task_id{*id}}, c.info);
  if (!done)
    return to_response(done.error());
  return changed(*done, *id);
}

} // namespace carillon::http
