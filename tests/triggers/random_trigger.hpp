#pragma once

// Random triggers of every kind that `resolve` accepts or refuses, from a number.

#include "carillon/custom_trigger.hpp"
#include "carillon/trigger.hpp"
#include "triggers/civil_time.hpp"

#include <array>
#include <random>
#include <string>

namespace carillon::triggers::test {

class trigger_source {
public:
  explicit trigger_source(std::uint64_t seed) : random_{seed} {}

  trigger_spec any(int depth = 0) {
    constexpr std::array zones{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
                               "Asia/Kolkata"};
    trigger_spec out = kind(number(0, depth < 2 ? 12 : 9), depth);
    if (number(0, 3) != 0)
      out.timezone = zones[number(0, zones.size() - 1)];
    const bool is_bounded = std::holds_alternative<cron>(out.kind) ||
                            std::holds_alternative<interval>(out.kind) ||
                            std::holds_alternative<on_calendar>(out.kind) ||
                            std::holds_alternative<recurrence>(out.kind);
    if (is_bounded && number(0, 2) == 0)
      out.start_time = instant();
    if (is_bounded && number(0, 4) == 0)
      out.end_time = instant();
    return out;
  }

  std::size_t number(std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>{from, to}(random_);
  }

  /// Within the years 2020 to 2033.
  when instant() {
    constexpr std::int64_t first = 1'577'836'800'000'000;
    constexpr std::int64_t years = 410'000'000'000'000;
    return {
        time_point{duration{first + std::uniform_int_distribution<std::int64_t>{0, years}(random_) /
                                        500'000 * 500'000}},
        false};
  }

private:
  trigger_spec kind(std::size_t which, int depth) {
    switch (which) {
    case 0: return {once{instant()}};
    case 1: return {interval{std::chrono::seconds{number(1, 200'000)}}};
    case 2: return {calendar()};
    case 3: return {fields(cron_dialect::apscheduler)};
    case 4: return {fields(cron_dialect::vixie)};
    case 5: return {quartz()};
    case 6: return {on_calendar{oncalendar()}};
    case 7: return {recurrence_set()};
    case 8: return {repeating()};
    case 9: return {own()};
    case 10: return {any_of{children(depth)}};
    case 11: return {all_of{children(depth), std::chrono::seconds{number(0, 7200)}, 100}};
    default: return {filtered{{any(depth + 1)}, {{"", {{{2026, 1, 1}, {2026, 3, 1}}}, {}}}, {}}};
    }
  }

  std::vector<trigger_spec> children(int depth) {
    std::vector<trigger_spec> out;
    for (auto n = number(1, 3); n > 0; --n)
      out.push_back(any(depth + 1));
    return out;
  }

  calendar_interval calendar() {
    calendar_interval out;
    out.months = static_cast<std::uint32_t>(number(0, 3));
    out.days = static_cast<std::uint32_t>(number(out.months == 0 ? 1 : 0, 20));
    out.hour = static_cast<std::uint8_t>(number(0, 23));
    out.minute = static_cast<std::uint8_t>(number(0, 59));
    out.start_date =
        civil_date{static_cast<int>(number(2020, 2030)), static_cast<std::uint8_t>(number(1, 12)),
                   static_cast<std::uint8_t>(number(1, 28))};
    return out;
  }

  std::string field(std::size_t min, std::size_t max) {
    const auto a = number(min, max);
    const auto b = number(a, max);
    switch (number(0, 4)) {
    case 0: return "*";
    case 1: return "*/" + std::to_string(number(1, (max - min) / 2 + 1));
    case 2: return std::to_string(a) + "-" + std::to_string(b);
    case 3: return a == b ? std::to_string(a) : std::to_string(a) + ',' + std::to_string(b);
    default: return std::to_string(a);
    }
  }

  cron fields(cron_dialect dialect) {
    cron out;
    out.dialect = dialect;
    out.minute = field(0, 59);
    out.hour = field(0, 23);
    constexpr std::array positions{"last", "last fri", "2nd mon", "5th wed,1"};
    out.day = dialect == cron_dialect::apscheduler && number(0, 3) == 0
                  ? positions[number(0, positions.size() - 1)]
                  : field(1, 31);
    out.month = number(0, 1) == 0 ? "*" : field(1, 12);
    out.day_of_week = number(0, 1) == 0 ? "*" : field(0, 6);
    if (dialect == cron_dialect::apscheduler) {
      if (number(0, 3) == 0)
        out.second = field(0, 59);
      if (number(0, 5) == 0)
        out.week = field(1, 53);
      if (number(0, 5) == 0)
        out.year = field(2024, 2040);
    }
    return out;
  }

  cron quartz() {
    constexpr std::array texts{"0 0 3 ? * MON-FRI", "0 0/7 8-17 L * ?",   "30 15 10 15W * ?",
                               "0 30 2 ? * 6L",     "0 30 2 ? * MON#2",   "* * * * * ?",
                               "0 0 12 L-3 * ?",    "0 0 12 1/5 * ? 2027"};
    return *cron_from_quartz(texts[number(0, texts.size() - 1)]);
  }

  std::string oncalendar() {
    constexpr std::array texts{
        "daily",         "Mon..Fri *-*-* 02:30",     "*-02~03 12:00",
        "*:0/7",         "2027-*-* 02:00..03:30/10", "Sun 02:30 Europe/Berlin",
        "*-*-* *:*:0/13"};
    return texts[number(0, texts.size() - 1)];
  }

  recurrence recurrence_set() {
    constexpr std::array rules{"FREQ=DAILY",
                               "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;WKST=SU",
                               "FREQ=MONTHLY;BYDAY=-1FR;COUNT=200",
                               "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
                               "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU;BYHOUR=2;BYMINUTE=30",
                               "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=TH",
                               "FREQ=HOURLY;INTERVAL=5",
                               "FREQ=MINUTELY;INTERVAL=25;UNTIL=20330101T000000Z",
                               "FREQ=YEARLY;BYYEARDAY=1,-1,100"};
    recurrence out{whole_second()};
    for (auto n = number(0, 2); n > 0; --n)
      out.rules.emplace_back(rules[number(0, rules.size() - 1)]);
    if (number(0, 2) == 0)
      out.except_rules.emplace_back(rules[number(0, rules.size() - 1)]);
    for (auto n = number(0, 2); n > 0; --n)
      (number(0, 1) == 0 ? out.dates : out.except_dates).push_back(whole_second());
    return out;
  }

  repeating_interval repeating() {
    constexpr std::array texts{
        "R/2026-01-31T09:00:00/P1M",        "R5/2024-02-29T12:00:00+01:00/P1Y",
        "R100/2026-03-01T02:30:00/P1DT12H", "R/2025-12-31T23:59:59Z/PT7M",
        "R12/P2W/2030-06-01T00:00:00Z",     "R/2026-01-01T00:00:00Z/2026-01-03T06:00:00Z"};
    return {texts[number(0, texts.size() - 1)]};
  }

  /// Every so many seconds, by a type of the program's own.
  custom_rule own() {
    static const bool is_known = [] {
      custom_trigger type{"test.steps", 1};
      type.next = [](std::string_view config, time_point from) -> std::optional<time_point> {
        const auto step = std::int64_t{1'000'000} * std::stoi(std::string{config});
        return time_point{duration{ceil_div(from.time_since_epoch().count(), step) * step}};
      };
      return bool{register_trigger(std::move(type))};
    }();
    return {is_known ? "test.steps" : "", 1, std::to_string(number(60, 100'000))};
  }

  when whole_second() {
    auto out = instant();
    out.at = std::chrono::floor<std::chrono::seconds>(out.at);
    return out;
  }

  std::mt19937_64 random_;
};

} // namespace carillon::triggers::test
