#include "tools/next_batch.hpp"

#include "events/trigger_json.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace carillon::tools {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Keys of a line that are not the trigger's.
constexpr std::array<const char*, 14> line_keys{"id",
                                                "count",
                                                "expect",
                                                "exhausted",
                                                "error",
                                                "message",
                                                "tags",
                                                "oracle",
                                                "source",
                                                "normalized",
                                                "normalized_fields",
                                                "apscheduler_message",
                                                "comment",
                                                "note"};

struct answer {
  ordered_json id;
  ordered_json fires = ordered_json::array();

  std::string dump(ordered_json out) const {
    return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }

  std::string finished(bool exhausted) const {
    return dump({{"id", id}, {"fires", fires}, {"exhausted", exhausted}});
  }

  std::string refused(const error& why) const {
    const bool is_limit = why.code == errc::limit_exceeded && !fires_rejected;
    return dump({{"id", id},
                 {"fires", fires},
                 {"error", is_limit ? "limit_exceeded" : "rejected"},
                 {"message", why.message},
                 {"field", why.field}});
  }

  bool fires_rejected = true; // until the trigger is built, every error refuses it
};

std::string fire_text(const triggers::compiled_trigger& trigger, time_point at) {
  const auto offset = triggers::offset_at(trigger, at);
  return offset.count() % 60 == 0 ? to_rfc3339(at, offset) : to_rfc3339(at);
}

/// Takes "count" out of the line. Errors: invalid_argument.
expected<int> count_of(const json& line) {
  const auto found = line.find("count");
  if (found == line.end() || found->is_null())
    return batch_count_default;
  if (found->is_number_integer())
    if (const auto count = found->get<std::int64_t>(); count >= 0 && count <= batch_count_max)
      return static_cast<int>(count);
  return refuse(errc::invalid_argument,
                "count must be a whole number from 0 to " + std::to_string(batch_count_max),
                "count");
}

/// `H` in a cron expression is spread by the line's id.
std::string schedule_of(const ordered_json& id) {
  return id.is_string() ? id.get<std::string>() : id.is_null() ? std::string{} : id.dump();
}

expected<triggers::compiled_trigger> build(const json& line, const ordered_json& id,
                                           const batch_context& context) {
  auto spec = events::trigger_from_json(line.dump(-1, ' ', false, json::error_handler_t::replace));
  if (!spec)
    return unexpected<error>{std::move(spec).error()};
  auto resolved = triggers::resolve(*spec, {context.now, context.default_zone, schedule_of(id)});
  if (!resolved)
    return unexpected<error>{std::move(resolved).error()};
  return triggers::compile(*resolved);
}

} // namespace

std::string answer_next_line(std::string_view text, const batch_context& context) {
  answer out;
  auto line = json::parse(text, nullptr, false);
  if (!line.is_object())
    return out.refused({errc::invalid_argument, "the line is not a JSON object"});
  out.id = line.value("id", json{});
  const auto count = count_of(line);
  if (!count)
    return out.refused(count.error());
  for (const auto* key : line_keys)
    line.erase(key);
  const auto trigger = build(line, out.id, context);
  if (!trigger)
    return out.refused(trigger.error());
  out.fires_rejected = false;
  trigger_cursor cursor;
  for (int i = 0; i <= *count; ++i) { // one more tells whether it ends
    auto fire = triggers::next(*trigger, cursor);
    if (!fire)
      return out.refused(fire.error());
    if (!fire->at)
      return out.finished(true);
    if (i < *count)
      out.fires.push_back(fire_text(*trigger, *fire->at));
    cursor = std::move(fire->cursor);
  }
  return out.finished(false);
}

} // namespace carillon::tools
