#include "triggers/resolve.hpp"

#include "triggers/civil_time.hpp"
#include "triggers/cron_expression.hpp"
#include "triggers/next.hpp"
#include "triggers/node.hpp"
#include "values/stable_hash.hpp"

namespace carillon::triggers {
namespace {

template <class Kind, class... Kinds>
constexpr bool is_one_of = (std::is_same_v<Kind, Kinds> || ...);

/// Resolves one trigger; each overload of `fill` knows one kind.
class resolver {
public:
  resolver(const resolve_context& context, int depth) : context_{context}, depth_{depth} {}

  expected<trigger_spec> run(const trigger_spec& spec) {
    if (depth_ > trigger_depth_max)
      return refuse(errc::limit_exceeded,
                    "triggers are nested deeper than " + std::to_string(trigger_depth_max),
                    "trigger.spec.triggers");
    out_ = spec;
    const bool is_elapsed =
        std::holds_alternative<once>(spec.kind) || std::holds_alternative<interval>(spec.kind);
    if (out_.timezone.empty())
      out_.timezone = is_elapsed ? "UTC" : context_.default_zone;
    else if (out_.timezone == "local")
      out_.timezone = context_.default_zone;
    auto zone = find_zone(out_.timezone);
    if (!zone)
      return unexpected<error>{std::move(zone).error()};
    zone_ = std::move(*zone);
    if (auto ok = clock_policies(); !ok)
      return unexpected<error>{std::move(ok).error()};
    auto done = std::visit([&](auto& kind) { return fill(kind); }, out_.kind);
    if (!done)
      return unexpected<error>{std::move(done).error()};
    return std::move(out_);
  }

private:
  /// gap and fold are for kinds that fire at wall-clock times.
  expected<void> clock_policies() const {
    if (out_.gap == gap_policy::by_kind && out_.fold == fold_policy::by_kind)
      return {};
    const auto no = [&](const std::string& why) {
      return refuse(errc::invalid_argument, why,
                    out_.gap != gap_policy::by_kind ? "trigger.gap" : "trigger.fold");
    };
    return std::visit(
        [&]<class Kind>(const Kind&) -> expected<void> {
          if constexpr (is_one_of<Kind, once, interval>)
            return no("kinds 'date' and 'interval' fire at instants, which no clock change skips "
                      "or repeats: gap and fold are for kinds with wall-clock times");
          else if constexpr (is_one_of<Kind, any_of, all_of, filtered>)
            return no("a combined trigger has no wall-clock times of its own: set gap and fold on "
                      "the triggers inside it");
          else if constexpr (is_one_of<Kind, custom_rule>)
            return no("kind 'custom' decides itself what a clock change means to it");
          else
            return {};
        },
        out_.kind);
  }

  expected<void> fill(once& kind) {
    if (auto ok = no_bounds("date", "run_time"); !ok)
      return ok;
    return settle(kind.run_time, "trigger.spec.run_time");
  }

  expected<void> fill(interval& kind) {
    if (kind.every <= duration{0})
      return refuse(errc::invalid_argument,
                    "the time interval is " + carillon::to_string(kind.every) +
                        ", it must be positive",
                    "trigger.spec");
    if (auto ok = bounds(); !ok)
      return ok;
    if (kind.phase)
      if (auto ok = align(kind); !ok)
        return ok;
    if (out_.end_time && out_.end_time->at < out_.start_time->at)
      return refuse(errc::invalid_argument,
                    "end_time " + to_rfc3339(out_.end_time->at) + " is before start_time " +
                        to_rfc3339(out_.start_time->at),
                    "trigger.end_time");
    return {};
  }

  /// The first instant from the start on that is `phase` after a multiple of `every` since 1970.
  expected<void> align(const interval& kind) {
    if (*kind.phase < duration{0} || *kind.phase >= kind.every)
      return refuse(errc::invalid_argument,
                    "phase is " + carillon::to_string(*kind.phase) +
                        ", allowed are 0s up to the interval, " + carillon::to_string(kind.every) +
                        ", exclusive",
                    "trigger.spec.phase");
    auto& start = out_.start_time->at;
    const auto every = kind.every.count();
    const auto into = start.time_since_epoch().count() % every;
    auto behind = (into < 0 ? into + every : into) - kind.phase->count();
    if (behind < 0)
      behind += every;
    if (behind == 0)
      return {};
    if (kind.every - duration{behind} > instant_max - start)
      return refuse(errc::invalid_argument,
                    "after start_time " + to_rfc3339(start) +
                        " no multiple of the interval lies before the year 10000",
                    "trigger.spec");
    start += kind.every - duration{behind};
    return {};
  }

  expected<void> fill(calendar_interval& kind) {
    if (auto ok = no_bounds("calendar", "start_date and end_date"); !ok)
      return ok;
    if (kind.years == 0 && kind.months == 0 && kind.weeks == 0 && kind.days == 0)
      return refuse(errc::invalid_argument,
                    "years, months, weeks and days are all 0; at least one must be higher",
                    "trigger.spec");
    if (kind.clamp_day && kind.years == 0 && kind.months == 0)
      return refuse(errc::invalid_argument,
                    "end_of_month is about steps of months and years; weeks and days never miss "
                    "a day",
                    "trigger.spec.end_of_month");
    if (auto ok = at_most(kind.hour, 23, "hour"); !ok)
      return ok;
    if (auto ok = at_most(kind.minute, 59, "minute"); !ok)
      return ok;
    if (auto ok = at_most(kind.second, 59, "second"); !ok)
      return ok;
    if (!kind.start_date) {
      const auto utc = floor_second(context_.now);
      kind.start_date = date_of(floor_div(utc + zone_->period_at(utc).offset, day_seconds));
    }
    if (auto ok = must_exist(*kind.start_date, "trigger.spec.start_date"); !ok)
      return ok;
    if (!kind.end_date)
      return {};
    if (auto ok = must_exist(*kind.end_date, "trigger.spec.end_date"); !ok)
      return ok;
    if (*kind.end_date < *kind.start_date)
      return refuse(errc::invalid_argument,
                    "end_date " + triggers::to_string(*kind.end_date) + " is before start_date " +
                        triggers::to_string(*kind.start_date),
                    "trigger.spec.end_date");
    return {};
  }

  expected<void> fill(cron& kind) {
    const spread_seed seed{stable_hash(context_.schedule), mix(context_.draw)};
    auto canonical = canonical_cron(kind, &seed);
    if (!canonical)
      return unexpected<error>{std::move(canonical).error()};
    kind = std::move(*canonical);
    if (auto ok = bounds(); !ok)
      return ok;
    auto& start = out_.start_time->at;
    const bool is_exclusive = kind.dialect != cron_dialect::apscheduler;
    start = at_second(is_exclusive ? floor_second(start) : ceil_second(start));
    return {};
  }

  expected<void> fill(on_calendar& kind) {
    if (auto ok = bounds(); !ok)
      return ok;
    return resolve_on_calendar(kind, out_, context_);
  }

  expected<void> fill(recurrence& kind) {
    if (out_.start_time)
      if (auto ok = settle(*out_.start_time, "trigger.start_time"); !ok)
        return ok;
    if (out_.end_time)
      if (auto ok = settle(*out_.end_time, "trigger.end_time"); !ok)
        return ok;
    return resolve_recurrence(kind, out_, *zone_, context_);
  }

  expected<void> fill(repeating_interval& kind) {
    if (auto ok = only_end("iso8601", "the start in its text"); !ok)
      return ok;
    return resolve_repeating(kind, out_, *zone_, context_);
  }

  expected<void> fill(filtered& kind) {
    if (auto ok = no_bounds("except", "the bounds of its trigger"); !ok)
      return ok;
    if (kind.triggers.size() != 1)
      return refuse(errc::invalid_argument,
                    "'except' needs exactly one trigger, not " +
                        std::to_string(kind.triggers.size()),
                    "trigger.spec.trigger");
    if (auto ok = children(kind.triggers); !ok)
      return ok;
    return resolve_filtered(kind, context_);
  }

  expected<void> fill(custom_rule& kind) {
    if (auto ok = no_bounds("custom", "its config"); !ok)
      return ok;
    return resolve_custom(kind);
  }

  expected<void> fill(any_of& kind) {
    if (auto ok = no_bounds("or", "the bounds of its triggers"); !ok)
      return ok;
    return children(kind.triggers);
  }

  expected<void> fill(all_of& kind) {
    if (auto ok = no_bounds("and", "the bounds of its triggers"); !ok)
      return ok;
    if (kind.triggers.empty())
      return refuse(errc::invalid_argument, "'and' needs at least one trigger",
                    "trigger.spec.triggers");
    if (kind.threshold < duration{0} || kind.threshold > threshold_max)
      return refuse(errc::invalid_argument,
                    "the threshold is " + carillon::to_string(kind.threshold) +
                        ", allowed are 0s to " + carillon::to_string(threshold_max),
                    "trigger.spec.threshold");
    if (kind.iterations_max == 0 || kind.iterations_max > iterations_limit)
      return refuse(errc::invalid_argument,
                    "max_iterations is " + std::to_string(kind.iterations_max) +
                        ", allowed are 1 to " + std::to_string(iterations_limit),
                    "trigger.spec.max_iterations");
    return children(kind.triggers);
  }

  expected<void> children(std::vector<trigger_spec>& triggers) {
    if (triggers.size() > children_max)
      return refuse(errc::limit_exceeded,
                    std::to_string(triggers.size()) + " triggers are combined, allowed are " +
                        std::to_string(children_max),
                    "trigger.spec.triggers");
    for (auto& child : triggers) {
      auto resolved = resolver{context_, depth_ + 1}.run(child);
      if (!resolved)
        return unexpected<error>{std::move(resolved).error()};
      child = std::move(*resolved);
    }
    return {};
  }

  /// start_time and end_time become instants; an absent start is now.
  expected<void> bounds() {
    if (!out_.start_time)
      out_.start_time = when{context_.now, false};
    if (auto ok = settle(*out_.start_time, "trigger.start_time"); !ok)
      return ok;
    return out_.end_time ? settle(*out_.end_time, "trigger.end_time") : expected<void>{};
  }

  /// For kinds that have their start in themselves.
  expected<void> only_end(std::string_view kind, std::string_view instead) {
    if (out_.start_time)
      return refuse(errc::invalid_argument,
                    "kind '" + std::string{kind} + "' takes no start_time, use " +
                        std::string{instead},
                    "trigger.start_time");
    return out_.end_time ? settle(*out_.end_time, "trigger.end_time") : expected<void>{};
  }

  expected<void> no_bounds(std::string_view kind, std::string_view instead) const {
    if (!out_.start_time && !out_.end_time)
      return {};
    return refuse(errc::invalid_argument,
                  "kind '" + std::string{kind} + "' takes no start_time or end_time, use " +
                      std::string{instead},
                  out_.start_time ? "trigger.start_time" : "trigger.end_time");
  }

  /// Turns a wall-clock reading into the first instant that shows it.
  expected<void> settle(when& literal, std::string_view field) const {
    if (literal.at < instant_min || literal.at > instant_max)
      return refuse(errc::invalid_argument,
                    std::string{field} + " is outside the years 0000 to 9999", std::string{field});
    if (!literal.is_local)
      return {};
    const auto wall = floor_second(literal.at);
    const auto utc = zone_->first_instant_of(wall);
    if (!utc)
      return refuse(errc::invalid_argument,
                    std::string{field} + ' ' + wall_text(wall) + " does not exist in " +
                        zone_->name() + ": the clock is set forward over it",
                    std::string{field});
    literal = {at_second(*utc) + (literal.at - at_second(wall)), false};
    return {};
  }

  expected<void> at_most(int value, int max, const std::string& name) const {
    if (value <= max)
      return {};
    return refuse(errc::invalid_argument,
                  name + " is " + std::to_string(value) + ", allowed are 0 to " +
                      std::to_string(max),
                  "trigger.spec." + name);
  }

  expected<void> must_exist(civil_date date, std::string field) const {
    if (exists(date))
      return {};
    return refuse(errc::invalid_argument, triggers::to_string(date) + " is not a date",
                  std::move(field));
  }

  const resolve_context& context_;
  int depth_;
  trigger_spec out_{once{}};
  zone_ptr zone_;
};

} // namespace

expected<trigger_spec> resolve(const trigger_spec& spec, const resolve_context& context) {
  return resolver{context, 1}.run(spec);
}

} // namespace carillon::triggers
