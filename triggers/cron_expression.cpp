#include "triggers/cron_expression.hpp"

#include "triggers/quartz.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

using texts = std::array<const std::optional<std::string>*, cron_field_count>;

texts texts_of(const cron& spec) {
  return {&spec.year,        &spec.month, &spec.day,    &spec.week,
          &spec.day_of_week, &spec.hour,  &spec.minute, &spec.second};
}

/// What an unset field means after the last set one.
constexpr std::array<std::string_view, cron_field_count> minima{"*", "1", "1", "*",
                                                                "*", "0", "0", "0"};

/// Whether the dialect is the one of cron(8) or reads fields as it does.
bool is_crontab_dialect(cron_dialect dialect) { return dialect != cron_dialect::apscheduler; }

bool has_field(cron_dialect dialect, cron_field which) {
  if (!is_crontab_dialect(dialect))
    return true;
  if (which == cron_field::year || which == cron_field::second)
    return dialect == cron_dialect::seconds;
  return which != cron_field::week;
}

std::string_view dialect_name(cron_dialect dialect) {
  return dialect == cron_dialect::seconds   ? "seconds"
         : dialect == cron_dialect::jenkins ? "jenkins"
                                            : "vixie";
}

using parsed = std::array<field_set, cron_field_count>;

expected<parsed> parse_all(const cron& spec, const spread_seed* seed) {
  const auto given = texts_of(spec);
  std::size_t after_last = 0;
  for (std::size_t i = 0; i < cron_field_count; ++i)
    if (*given[i])
      after_last = i + 1;
  parsed out;
  for (std::size_t i = 0; i < cron_field_count; ++i) {
    const auto which = static_cast<cron_field>(i);
    if (*given[i] && !has_field(spec.dialect, which))
      return refuse(errc::invalid_argument,
                    "dialect " + std::string{dialect_name(spec.dialect)} + " has no field " +
                        std::string{field_name(which)} +
                        (spec.dialect == cron_dialect::seconds ? "; allowed are second, year, "
                                                               : "; allowed are ") +
                        "minute, hour, day, month and day_of_week",
                    "trigger.spec." + std::string{field_name(which)});
    const std::string_view text = *given[i]        ? std::string_view{**given[i]}
                                  : i < after_last ? "*"
                                                   : minima[i];
    auto field = parse_field(which, text, spec.dialect, seed);
    if (!field)
      return unexpected<error>{std::move(field).error()};
    out[i] = std::move(*field);
  }
  return out;
}

template <class T> T bits(const parsed& fields, cron_field which) {
  return static_cast<T>(fields[static_cast<std::size_t>(which)].values);
}

} // namespace

expected<cron> canonical_cron(const cron& spec, const spread_seed* seed) {
  if (spec.dialect == cron_dialect::quartz)
    return canonical_quartz(spec);
  auto fields = parse_all(spec, seed);
  if (!fields)
    return unexpected<error>{std::move(fields).error()};
  const auto text = [&](cron_field which) {
    return std::move((*fields)[static_cast<std::size_t>(which)].text);
  };
  cron out;
  out.dialect = spec.dialect;
  out.month = text(cron_field::month);
  out.day = text(cron_field::day);
  out.day_of_week = text(cron_field::day_of_week);
  out.hour = text(cron_field::hour);
  out.minute = text(cron_field::minute);
  if (has_field(spec.dialect, cron_field::second)) {
    out.year = text(cron_field::year);
    out.second = text(cron_field::second);
    if (spec.dialect == cron_dialect::seconds && out.year == "*")
      out.year.reset();
  }
  if (has_field(spec.dialect, cron_field::week))
    out.week = text(cron_field::week);
  return out;
}

expected<cron_table> compile_cron(const cron& spec) {
  if (spec.dialect == cron_dialect::quartz)
    return compile_quartz(spec);
  auto parsed_fields = parse_all(spec, nullptr);
  if (!parsed_fields)
    return unexpected<error>{std::move(parsed_fields).error()};
  auto& fields = *parsed_fields;
  constexpr std::uint64_t all_weeks = (std::uint64_t{1} << 54) - 2;
  const auto& day = fields[static_cast<std::size_t>(cron_field::day)];
  cron_table out;
  out.seconds = bits<std::uint64_t>(fields, cron_field::second);
  out.minutes = bits<std::uint64_t>(fields, cron_field::minute);
  out.hours = bits<std::uint32_t>(fields, cron_field::hour);
  out.days = bits<std::uint32_t>(fields, cron_field::day);
  out.months = bits<std::uint16_t>(fields, cron_field::month);
  out.weekdays = bits<std::uint8_t>(fields, cron_field::day_of_week);
  out.weeks = bits<std::uint64_t>(fields, cron_field::week);
  out.has_weeks = out.weeks != all_weeks;
  out.nth = day.nth;
  out.has_nth = std::any_of(day.nth.begin(), day.nth.end(), [](auto bit) { return bit != 0; });
  out.days_from_end = day.days_from_end;
  out.years = std::move(fields[static_cast<std::size_t>(cron_field::year)].years);
  const auto star = [&](cron_field which) {
    return fields[static_cast<std::size_t>(which)].begins_with_star;
  };
  out.is_fixed_time = !star(cron_field::minute) && !star(cron_field::hour);
  if (is_crontab_dialect(spec.dialect) && spec.dialect != cron_dialect::jenkins)
    out.either_day = !star(cron_field::day) && !star(cron_field::day_of_week);
  return out;
}

} // namespace carillon::triggers
