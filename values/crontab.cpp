#include "carillon/trigger.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace carillon {
namespace {

constexpr const char* crontab_field = "trigger.spec.crontab";
constexpr std::string_view blanks = " \t";

struct shorthand {
  std::string_view name;
  std::string_view meaning;
  std::string_view spread; ///< In dialect jenkins.
};
constexpr std::array<shorthand, 7> shorthands{{{"@yearly", "0 0 1 1 *", "H H H H *"},
                                               {"@annually", "0 0 1 1 *", "H H H H *"},
                                               {"@monthly", "0 0 1 * *", "H H H * *"},
                                               {"@weekly", "0 0 * * 0", "H H * * H"},
                                               {"@daily", "0 0 * * *", "H H * * *"},
                                               {"@midnight", "0 0 * * *", "H H(0-2) * * *"},
                                               {"@hourly", "0 * * * *", "H * * * *"}}};

/// "crontab '...': 'part' at column 3 why".
unexpected<error> mistake(errc code, std::string_view text, std::size_t column,
                          const std::string& why) {
  const auto part = text.substr(std::min(column, text.size()));
  return refuse(
      code,
      "crontab '" + std::string{text.substr(0, 64)} + "': '" +
          std::string{part.substr(0, std::min<std::size_t>(part.find_first_of(blanks), 32))} +
          "' at column " + std::to_string(column + 1) + ' ' + why,
      crontab_field);
}

struct word {
  std::string_view text;
  std::size_t at = 0;
};

std::vector<word> words_of(std::string_view text) {
  std::vector<word> words;
  for (std::size_t at = 0;;) {
    at = std::min(text.find_first_not_of(blanks, at), text.size());
    if (at == text.size())
      return words;
    const auto end = std::min(text.find_first_of(blanks, at), text.size());
    words.push_back({text.substr(at, end - at), at});
    at = end;
  }
}

std::string all_shorthands() {
  std::string out;
  for (const auto& each : shorthands)
    out += std::string{each.name} + ' ';
  return out + "and @every with a duration";
}

/// The fields that the shorthand `first` stands for.
expected<std::string_view> meaning_of(const word& first, std::string_view text,
                                      cron_dialect dialect) {
  if (dialect == cron_dialect::apscheduler)
    return mistake(errc::invalid_argument, text, first.at,
                   "is no list of five fields; shorthands are read by kind vixie only");
  if (first.text == "@reboot")
    return mistake(errc::unsupported, text, first.at,
                   "names no time: the daemon runs nothing at its start; let the system's init, "
                   "for example a systemd unit, call `carillon run` instead");
  for (const auto& each : shorthands)
    if (each.name == first.text)
      return dialect == cron_dialect::jenkins ? each.spread : each.meaning;
  return mistake(errc::invalid_argument, text, first.at,
                 "is not known; allowed are " + all_shorthands());
}

/// "1h30m", "1h/15m": an interval and its phase.
expected<interval> every_of(std::string_view text, const word& span) {
  const auto cut = span.text.find('/');
  const auto every = parse_duration(span.text.substr(0, cut));
  if (!every || every->count() <= 0)
    return mistake(errc::invalid_argument, text, span.at,
                   "is not a duration such as 30s, 15m, 1h30m or 1d");
  interval out{*every, duration{0}};
  if (cut == std::string_view::npos)
    return out;
  const auto phase = parse_duration(span.text.substr(cut + 1));
  if (!phase || *phase >= *every)
    return mistake(errc::invalid_argument, text, span.at + cut + 1,
                   "is not a phase: a duration shorter than " + carillon::to_string(*every));
  out.phase = *phase;
  return out;
}

expected<cron> fields_of(const std::vector<word>& words, std::string_view text,
                         cron_dialect dialect) {
  const bool has_seconds = dialect == cron_dialect::seconds;
  const bool is_complete = has_seconds ? words.size() == 6 || words.size() == 7 : words.size() == 5;
  if (!is_complete) {
    const auto most = has_seconds ? std::size_t{7} : std::size_t{5};
    return mistake(
        errc::invalid_argument, text, words.size() > most ? words[most].at : text.size(),
        std::string{words.size() > most ? "is one too many" : "is where more is missing"} + ": " +
            std::to_string(words.size()) + " fields, expected " +
            (has_seconds ? "6 or 7: second minute hour day month day_of_week [year]"
                         : "5: minute hour day month day_of_week; six or seven, with "
                           "seconds first, are read by dialect seconds"));
  }
  cron out;
  out.dialect = dialect;
  auto next = words.begin();
  const auto take = [&] { return std::string{(next++)->text}; };
  if (has_seconds)
    out.second = take();
  out.minute = take();
  out.hour = take();
  out.day = take();
  out.month = take();
  out.day_of_week = take();
  if (next != words.end())
    out.year = take();
  return out;
}

/// Fields or one shorthand.
expected<cron> read_cron(const std::vector<word>& words, std::string_view text,
                         cron_dialect dialect) {
  if (words.empty() || words.front().text.front() != '@')
    return fields_of(words, text, dialect);
  const auto meaning = meaning_of(words.front(), text, dialect);
  if (!meaning)
    return unexpected<error>{meaning.error()};
  if (words.size() > 1)
    return mistake(errc::invalid_argument, text, words[1].at,
                   "is not expected after " + std::string{words.front().text});
  auto out = fields_of(words_of(*meaning), *meaning,
                       dialect == cron_dialect::seconds ? cron_dialect::vixie : dialect);
  if (out && dialect == cron_dialect::seconds) {
    out->dialect = dialect;
    out->second = "0";
  }
  return out;
}

} // namespace

expected<cron> cron_from_crontab(std::string_view text, cron_dialect dialect) {
  return read_cron(words_of(text), text, dialect);
}

expected<trigger_spec> trigger_from_crontab(std::string_view text, cron_dialect dialect) {
  auto words = words_of(text);
  trigger_spec out{once{}};
  if (dialect != cron_dialect::apscheduler && !words.empty()) {
    for (const std::string_view name : {"CRON_TZ=", "TZ="}) {
      const auto& first = words.front();
      if (first.text.substr(0, name.size()) != name)
        continue;
      out.timezone = std::string{first.text.substr(name.size())};
      if (out.timezone.empty())
        return mistake(errc::invalid_argument, text, first.at,
                       "names no zone; expected is something like CRON_TZ=Europe/Berlin");
      words.erase(words.begin());
      break;
    }
    if (!words.empty() && words.front().text == "@every") {
      if (words.size() != 2)
        return mistake(errc::invalid_argument, text, words.size() < 2 ? text.size() : words[2].at,
                       "is not expected; @every stands before one duration, as in @every 1h30m");
      auto every = every_of(text, words[1]);
      if (!every)
        return unexpected<error>{std::move(every).error()};
      out.kind = *every;
      return out;
    }
  }
  auto kind = read_cron(words, text, dialect);
  if (!kind)
    return unexpected<error>{std::move(kind).error()};
  out.kind = std::move(*kind);
  return out;
}

expected<cron> cron_from_quartz(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != 6 && words.size() != 7)
    return refuse(errc::invalid_argument,
                  "quartz expression '" + std::string{text.substr(0, 64)} + "' has " +
                      std::to_string(words.size()) +
                      " fields, expected 6 or 7: second minute hour day month day_of_week [year]",
                  "trigger.spec.cron");
  auto out = fields_of(words, text, cron_dialect::seconds);
  out->dialect = cron_dialect::quartz;
  return out;
}

std::string quartz_text(const cron& spec) {
  return spec.second.value_or("0") + ' ' + crontab_text(spec) +
         (spec.year ? ' ' + *spec.year : std::string{});
}

std::string crontab_text(const cron& spec) {
  const auto text = [](const std::optional<std::string>& field) { return field.value_or("*"); };
  const auto five = text(spec.minute) + ' ' + text(spec.hour) + ' ' + text(spec.day) + ' ' +
                    text(spec.month) + ' ' + text(spec.day_of_week);
  if (spec.dialect != cron_dialect::seconds)
    return five;
  return spec.second.value_or("0") + ' ' + five + (spec.year ? ' ' + *spec.year : std::string{});
}

} // namespace carillon
