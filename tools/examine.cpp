#include "tools/examine.hpp"

namespace carillon::tools {

void add_trigger_question(CLI::App& command, trigger_question& question, const std::string& from) {
  question.trigger = add_trigger_options(command);
  add_expression(command, *question.trigger);
  command.add_option("--from", question.from, from);
  command.add_option("--id", question.id,
                     "Id of the schedule, which H in a cron expression depends on");
}

expected<examined> examine(const trigger_question& question,
                           const std::optional<trigger_spec>& given) {
  auto from = wall_clock().now();
  if (!question.from.empty()) {
    const auto at = parse_instant(question.from);
    if (!at)
      return refuse(errc::invalid_argument, at.error().message, "from");
    from = *at;
  }
  const auto spec = given ? expected<trigger_spec>{*given} : to_trigger(*question.trigger, from);
  if (!spec)
    return unexpected<error>{spec.error()};
  auto trigger = fire_times::of(*spec, {from, local_zone(), question.id});
  if (!trigger)
    return unexpected<error>{std::move(trigger).error()};
  return examined{std::move(*trigger), from};
}

bool is_about_usage(const error& e) { return e.field.empty() || e.field == "from"; }

std::string warning_text(const trigger_warning& warning) {
  return warning.code + " (" + warning.field + "): " + warning.message;
}

} // namespace carillon::tools
