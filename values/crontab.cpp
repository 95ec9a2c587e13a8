#include "carillon/trigger.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace carillon {
namespace {

struct shorthand {
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array<shorthand, 7> shorthands{{{"@yearly", "0 0 1 1 *"},
                                               {"@annually", "0 0 1 1 *"},
                                               {"@monthly", "0 0 1 * *"},
                                               {"@weekly", "0 0 * * 0"},
                                               {"@daily", "0 0 * * *"},
                                               {"@midnight", "0 0 * * *"},
                                               {"@hourly", "0 * * * *"}}};

expected<std::string_view> meaning_of(std::string_view text, cron_dialect dialect) {
  if (text.empty() || text.front() != '@')
    return text;
  std::string allowed;
  for (const auto& [name, meaning] : shorthands) {
    if (name == text && dialect == cron_dialect::vixie)
      return meaning;
    allowed += (allowed.empty() ? "" : " ") + std::string{name};
  }
  const std::string quoted = "crontab '" + std::string{text.substr(0, 64)} + "'";
  if (dialect != cron_dialect::vixie)
    return refuse(errc::invalid_argument,
                  quoted + " is no list of five fields; shorthands are read by kind vixie only",
                  "trigger.spec.crontab");
  return refuse(errc::invalid_argument, quoted + " is not known; allowed are " + allowed,
                "trigger.spec.crontab");
}

constexpr std::string_view blanks = " \t";

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const auto size = std::min(text.find_first_of(blanks), text.size());
    if (size != 0)
      words.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}

} // namespace

expected<cron> cron_from_crontab(std::string_view text, cron_dialect dialect) {
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  text = text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
  auto meaning = meaning_of(text, dialect);
  if (!meaning)
    return unexpected<error>{std::move(meaning).error()};
  const auto words = words_of(*meaning);
  if (words.size() != 5)
    return refuse(errc::invalid_argument,
                  "crontab '" + std::string{text.substr(0, 64)} + "' has " +
                      std::to_string(words.size()) +
                      " fields, expected 5: minute hour day month day_of_week",
                  "trigger.spec.crontab");
  cron out;
  out.minute = words[0];
  out.hour = words[1];
  out.day = words[2];
  out.month = words[3];
  out.day_of_week = words[4];
  out.dialect = dialect;
  return out;
}

expected<cron> cron_from_quartz(std::string_view text) {
  auto words = words_of(text);
  if (words.size() != 6 && words.size() != 7)
    return refuse(errc::invalid_argument,
                  "quartz expression '" + std::string{text.substr(0, 64)} + "' has " +
                      std::to_string(words.size()) +
                      " fields, expected 6 or 7: second minute hour day month day_of_week [year]",
                  "trigger.spec.cron");
  cron out;
  out.second = std::move(words[0]);
  out.minute = std::move(words[1]);
  out.hour = std::move(words[2]);
  out.day = std::move(words[3]);
  out.month = std::move(words[4]);
  out.day_of_week = std::move(words[5]);
  if (words.size() == 7)
    out.year = std::move(words[6]);
  out.dialect = cron_dialect::quartz;
  return out;
}

std::string quartz_text(const cron& spec) {
  return spec.second.value_or("0") + ' ' + crontab_text(spec) +
         (spec.year ? ' ' + *spec.year : std::string{});
}

std::string crontab_text(const cron& spec) {
  const auto text = [](const std::optional<std::string>& field) { return field.value_or("*"); };
  return text(spec.minute) + ' ' + text(spec.hour) + ' ' + text(spec.day) + ' ' + text(spec.month) +
         ' ' + text(spec.day_of_week);
}

} // namespace carillon
