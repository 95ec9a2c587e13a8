#include "events/trigger_json.hpp"

#include "events/cron_ranges.hpp"
#include "events/except_json.hpp"
#include "events/recurrence_json.hpp"
#include "events/trigger_keys.hpp"

#include <nlohmann/json.hpp>

namespace carillon::events {
namespace {

using nlohmann::ordered_json;

/// How cron fields are written.
enum class cron_form : std::uint8_t { text, structure };

ordered_json write(const trigger_spec& spec, cron_form form);

ordered_json write_when(const std::optional<when>& literal) {
  if (!literal)
    return nullptr;
  auto text = to_rfc3339(literal->at);
  if (literal->is_local)
    text.pop_back(); // the Z
  return text;
}

ordered_json write_date(const civil_date& date) { return days_text({date, date}); }

ordered_json write_children(const std::vector<trigger_spec>& triggers, cron_form form) {
  auto out = ordered_json::array();
  for (const auto& each : triggers)
    out.push_back(write(each, form));
  return out;
}

bool is_word(const std::optional<std::string>& field) {
  return field && !field->empty() && field->find_first_of(" \t@") == std::string::npos;
}

bool are_words(const cron& kind) {
  return is_word(kind.minute) && is_word(kind.hour) && is_word(kind.day) && is_word(kind.month) &&
         is_word(kind.day_of_week) && !kind.week;
}

/// Whether five fields without blanks say everything about it.
bool is_crontab(const cron& kind) { return are_words(kind) && !kind.year && !kind.second; }

/// Whether six or seven fields without blanks do.
bool is_quartz(const cron& kind) {
  return are_words(kind) && is_word(kind.second) && (!kind.year || is_word(kind.year));
}

/// Sets `key` unless `value` is what an absent key stands for.
template <class Value, std::size_t count>
void write_word(ordered_json& out, const char* key, const std::array<named<Value>, count>& words,
                Value value) {
  if (value == Value{})
    return;
  for (const auto& word : words)
    if (word.value == value)
      out[key] = word.name;
}

ordered_json write_span(duration span) {
  if (span.count() % 1'000'000 == 0)
    return span.count() / 1'000'000;
  return carillon::to_string(span);
}

/// Writes `spec` and returns the kind's name.
struct kind_writer {
  ordered_json& spec;
  cron_form form;

  std::string_view operator()(const once& kind) const {
    spec["run_time"] = write_when(kind.run_time);
    return "date";
  }

  std::string_view operator()(const interval& kind) const {
    auto rest = kind.every.count();
    for (const auto& [name, microseconds] : interval_units)
      if (rest / microseconds != 0) {
        spec[std::string{name}] = rest / microseconds;
        rest %= microseconds;
      }
    if (kind.phase)
      spec["phase"] = write_span(*kind.phase);
    return "interval";
  }

  std::string_view operator()(const calendar_interval& kind) const {
    const auto put = [&](const char* name, std::uint32_t value) {
      if (value != 0)
        spec[name] = value;
    };
    put("years", kind.years);
    put("months", kind.months);
    put("weeks", kind.weeks);
    put("days", kind.days);
    put("hour", kind.hour);
    put("minute", kind.minute);
    put("second", kind.second);
    if (kind.start_date)
      spec["start_date"] = write_date(*kind.start_date);
    if (kind.end_date)
      spec["end_date"] = write_date(*kind.end_date);
    write_word(spec, "end_of_month", end_of_month_names, kind.clamp_day);
    return "calendar";
  }

  std::string_view operator()(const cron& kind) const {
    if (form == cron_form::structure)
      return structured(kind);
    if (kind.dialect == cron_dialect::vixie && is_crontab(kind)) {
      spec["crontab"] = crontab_text(kind);
      return "vixie";
    }
    if (kind.dialect == cron_dialect::quartz && is_quartz(kind)) {
      spec["cron"] = quartz_text(kind);
      return "quartz";
    }
    const bool has_crontab = kind.dialect == cron_dialect::seconds
                                 ? is_quartz(kind)
                                 : kind.dialect == cron_dialect::jenkins && is_crontab(kind);
    if (has_crontab)
      spec["crontab"] = crontab_text(kind);
    write_word(spec, "dialect", dialect_names, kind.dialect);
    for (const auto& [name, value] : cron_keys)
      if (kind.*value && !has_crontab)
        spec[std::string{name}] = *(kind.*value);
    return "cron";
  }

  std::string_view operator()(const on_calendar& kind) const {
    spec["oncalendar"] = kind.text;
    return "systemd";
  }

  std::string_view operator()(const recurrence& kind) const {
    spec = recurrence_to_json(kind);
    return "rrule";
  }

  std::string_view operator()(const repeating_interval& kind) const {
    spec["interval"] = kind.text;
    return "iso8601";
  }

  std::string_view operator()(const filtered& kind) const {
    spec = except_to_json(kind, [this](const trigger_spec& each) { return write(each, form); });
    return "except";
  }

  std::string_view operator()(const custom_rule& kind) const {
    spec["type"] = kind.type;
    spec["version"] = kind.version;
    if (!kind.config.empty()) {
      auto config = ordered_json::parse(kind.config, nullptr, false);
      spec["config"] = config.is_discarded() ? ordered_json(kind.config) : std::move(config);
    }
    return "custom";
  }

  std::string_view operator()(const any_of& kind) const {
    spec["triggers"] = write_children(kind.triggers, form);
    return "or";
  }

  std::string_view operator()(const all_of& kind) const {
    spec["triggers"] = nullptr; // written last: keys that follow would copy it
    spec["threshold"] = write_span(kind.threshold);
    spec["max_iterations"] = kind.iterations_max;
    spec["triggers"] = write_children(kind.triggers, form);
    return "and";
  }

  std::string_view structured(const cron& kind) const {
    write_word(spec, "dialect", dialect_names, kind.dialect);
    for (const auto& [name, value] : cron_keys)
      if (kind.*value)
        if (auto structure = cron_field_structure(*(kind.*value), kind.dialect))
          spec[std::string{name}] = std::move(*structure);
    return "cron";
  }
};

ordered_json write(const trigger_spec& spec, cron_form form) {
  auto inner = ordered_json::object();
  const auto kind = std::visit(kind_writer{inner, form}, spec.kind);
  ordered_json out;
  out["kind"] = kind;
  out["spec"] = nullptr; // written last: keys that follow would copy it
  out["timezone"] = spec.timezone.empty() ? ordered_json{} : ordered_json(spec.timezone);
  out["start_time"] = write_when(spec.start_time);
  out["end_time"] = write_when(spec.end_time);
  write_word(out, "gap", gap_names, spec.gap);
  write_word(out, "fold", fold_names, spec.fold);
  out["spec"] = std::move(inner);
  return out;
}

std::string text_of(const ordered_json& out) {
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

} // namespace

std::string trigger_to_json(const trigger_spec& spec) {
  return text_of(write(spec, cron_form::text));
}

std::string trigger_to_structured_json(const trigger_spec& spec) {
  return text_of(write(spec, cron_form::structure));
}

} // namespace carillon::events
