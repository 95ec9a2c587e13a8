#include "http/preview.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"

namespace carillon::http {

expected<trigger_preview> preview_of(const fire_times& trigger, time_point from,
                                     std::size_t count) {
  const auto fires = trigger.preview(count, from);
  if (!fires)
    return unexpected<error>{fires.error()};
  const auto previous = trigger.previous(from);
  if (!previous)
    return unexpected<error>{previous.error()};
  trigger_preview out;
  out.description = trigger.describe(from);
  out.canonical = events::trigger_to_json(trigger.spec());
  out.structured = events::trigger_to_structured_json(trigger.spec());
  for (const auto at : fires->fires)
    out.fires.push_back(trigger.to_text(at));
  if (*previous)
    out.previous = trigger.to_text(**previous);
  out.is_exhausted = fires->is_exhausted;
  out.warnings = trigger.lint(from);
  return out;
}

std::string to_json(const trigger_preview& preview) {
  json_array fires;
  for (const auto& fire : preview.fires)
    fires.text(fire);
  return json_object{}
      .text("description", preview.description)
      .raw("canonical", preview.canonical)
      .raw("structured", preview.structured)
      .raw("fires", fires.done())
      .text_or_null("previous", preview.previous.value_or(""))
      .boolean("exhausted", preview.is_exhausted)
      .raw("warnings", to_json(preview.warnings))
      .done();
}

std::string to_json(const std::vector<trigger_warning>& warnings) {
  json_array out;
  for (const auto& each : warnings)
    out.raw(json_object{}
                .text("code", each.code)
                .text("field", each.field)
                .text("message", each.message)
                .done());
  return out.done();
}

} // namespace carillon::http
