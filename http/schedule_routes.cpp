#include "http/answers.hpp"
#include "http/spec_json.hpp"
#include "http/view_json.hpp"

#include <charconv>

namespace carillon::http {
namespace {

/// What became of the schedule, its next fire time in its own zone.
response changed_schedule(const call& c, const answer& done, const std::string& id) {
  std::string zone;
  if (done.next_fire)
    if (const auto view = c.engine.schedule(schedule_id{done.id.empty() ? id : done.id}))
      zone = zone_of(view->settings.trigger);
  return changed(done, id, zone);
}

/// Asks for something that needs nothing but the schedule's id.
template <class Command> response ask_by_id(const call& c, Command command) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  command.id = schedule_id{*id};
  const auto done = c.engine.ask(std::move(command), c.info);
  if (!done)
    return to_response(done.error());
  return changed_schedule(c, *done, *id);
}

/// If-Match: a revision, bare or in quotes; "*" or none = any.
expected<std::optional<position>> revision_of(const request& in) {
  auto text = in.header("if-match");
  if (text.empty() || text == "*")
    return std::optional<position>{};
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  position out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return refuse(errc::invalid_argument,
                  "'" + std::string{text.substr(0, 40)} + "' is not a revision", "If-Match");
  return std::optional<position>{out};
}

} // namespace

response post_schedule(const call& c) {
  const auto body = read_object(c.in.body);
  if (!body)
    return to_response(body.error());
  std::vector<field_error> errors;
  auto command = read_new_schedule(*body, errors);
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto id = command.spec.id.value;
  const auto done = c.engine.ask(std::move(command), c.info);
  if (!done)
    return to_response(done.error());
  return changed_schedule(c, *done, id);
}

response get_schedules(const call& c) {
  const auto request = page_of(c);
  if (!request)
    return to_response(request.error());
  const auto found = c.engine.schedules(*request);
  if (!found)
    return to_response(found.error());
  return page_json(*found, [&](const schedule_view& view) { return to_json(c.engine, view); });
}

response get_schedule(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto found = c.engine.schedule(schedule_id{*id});
  if (!found)
    return to_response(found.error());
  auto out = json(200, to_json(c.engine, *found));
  out.headers.emplace_back("ETag", '"' + std::to_string(found->revision) + '"');
  return out;
}

response patch_schedule(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  auto revision = revision_of(c.in);
  if (!revision)
    return to_response(revision.error());
  const auto body = read_object(c.in.body);
  if (!body)
    return to_response(body.error());
  const auto current = c.engine.schedule(schedule_id{*id});
  if (!current)
    return to_response(current.error());
  std::vector<field_error> errors;
  auto changes =
      read_schedule_changes(*body, arguments_of(c.engine, current->settings.args), errors);
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  // Arguments were completed from what stood there: it must still stand there.
  if (changes.args && !*revision)
    *revision = current->revision;
  const auto done =
      c.engine.ask(update_schedule{schedule_id{*id}, std::move(changes), *revision}, c.info);
  if (!done)
    return to_response(done.error());
  return changed_schedule(c, *done, *id);
}

response delete_schedule(const call& c) { return ask_by_id(c, remove_schedule{}); }

response pause_route(const call& c) { return ask_by_id(c, pause_schedule{}); }

response resume_route(const call& c) {
  const auto body = read_object(c.in.body, true);
  if (!body)
    return to_response(body.error());
  std::vector<field_error> errors;
  fields in{*body, schema_of("resume"), errors};
  resume_schedule command;
  if (const auto from = in.text("resume_from")) {
    if (*from == "now") {
      command.mode = resume_schedule::from::now;
    } else if (const auto instant = in.instant("resume_from")) {
      command.mode = resume_schedule::from::instant;
      command.instant = *instant;
    }
  }
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  return ask_by_id(c, command);
}

response trigger_route(const call& c) {
  const auto id = name_of(c);
  if (!id)
    return to_response(id.error());
  const auto done = c.engine.ask(trigger_schedule{schedule_id{*id}}, c.info);
  if (!done)
    return to_response(done.error());
  json_object out;
  out.text_or_null("id", done->jobs.empty() ? "" : to_string(done->jobs.front()));
  return changed(201, done->at, out.text("schedule", *id).done());
}

} // namespace carillon::http
