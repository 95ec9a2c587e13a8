#include "events/trigger_json.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace carillon::events {
namespace {

trigger_spec read(std::string_view text) {
  auto parsed = trigger_from_json(text);
  INFO(text << ": " << (parsed ? "" : parsed.error().message));
  REQUIRE(parsed);
  return *parsed;
}

error refused(std::string_view text) {
  auto parsed = trigger_from_json(text);
  INFO(text);
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

using generator = std::mt19937_64;

std::int64_t pick(generator& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>{low, high}(random);
}

when any_when(generator& random) {
  return {time_point{duration{pick(random, -1'000'000'000'000'000, 4'000'000'000'000'000)}},
          pick(random, 0, 1) == 1};
}

std::optional<std::string> any_text(generator& random) {
  constexpr const char* texts[] = {"*", "*/5", "1-3", "last fri", "\"quoted\"", "\xc3\xa4"};
  if (pick(random, 0, 1) == 0)
    return std::nullopt;
  return texts[pick(random, 0, 5)];
}

trigger_spec any_trigger(generator& random, int depth);

decltype(trigger_spec::kind) any_kind(generator& random, int depth) {
  switch (pick(random, 0, depth > 3 ? 4 : 6)) {
  case 0: return once{any_when(random)};
  case 1: {
    interval out{duration{pick(random, 1, 1'000'000'000'000'000)}};
    if (pick(random, 0, 1) == 1)
      out.phase = duration{pick(random, 0, 90'000'000) / 7 * 7};
    return out;
  }
  case 2: {
    calendar_interval out;
    out.years = static_cast<std::uint32_t>(pick(random, 0, 5));
    out.months = static_cast<std::uint32_t>(pick(random, 0, 500));
    out.days = static_cast<std::uint32_t>(pick(random, 0, 1'000'000));
    out.hour = static_cast<std::uint8_t>(pick(random, 0, 23));
    out.second = static_cast<std::uint8_t>(pick(random, 0, 59));
    if (pick(random, 0, 1) == 1)
      out.start_date = civil_date{static_cast<int>(pick(random, 1, 9999)), 2, 28};
    if (pick(random, 0, 1) == 1)
      out.end_date = civil_date{2000, 12, 31};
    out.clamp_day = pick(random, 0, 1) == 1;
    return out;
  }
  case 3:
    return cron{any_text(random),
                any_text(random),
                any_text(random),
                any_text(random),
                any_text(random),
                any_text(random),
                any_text(random),
                any_text(random),
                pick(random, 0, 1) == 1 ? cron_dialect::vixie : cron_dialect::apscheduler};
  case 4:
    return cron_from_crontab(pick(random, 0, 1) == 1 ? "@weekly" : "*/5 1 2-3 jan mon",
                             cron_dialect::vixie)
        .value();
  case 5: {
    any_of out;
    for (auto count = pick(random, 0, 3); count > 0; --count)
      out.triggers.push_back(any_trigger(random, depth + 1));
    return out;
  }
  default: {
    all_of out;
    for (auto count = pick(random, 1, 3); count > 0; --count)
      out.triggers.push_back(any_trigger(random, depth + 1));
    out.threshold = duration{pick(random, 0, 100'000'000)};
    out.iterations_max = static_cast<std::uint32_t>(pick(random, 1, 1'000'000));
    return out;
  }
  }
}

trigger_spec any_trigger(generator& random, int depth) {
  trigger_spec out{any_kind(random, depth)};
  out.timezone = pick(random, 0, 1) == 1 ? "Europe/Berlin" : "";
  if (pick(random, 0, 1) == 1)
    out.start_time = any_when(random);
  if (pick(random, 0, 1) == 1)
    out.end_time = any_when(random);
  out.gap = static_cast<gap_policy>(pick(random, 0, 3));
  out.fold = static_cast<fold_policy>(pick(random, 0, 4));
  return out;
}

TEST_CASE("trigger json: what is written is read back equal") {
  generator random{3};
  for (int round = 0; round < 2000; ++round) {
    const auto spec = any_trigger(random, 0);
    const auto text = trigger_to_json(spec);
    INFO(text);
    REQUIRE(read(text) == spec);
  }
}

TEST_CASE("trigger json: the shape is the contract's") {
  REQUIRE(trigger_to_json({interval{std::chrono::seconds{90}}}) ==
          R"({"kind":"interval","spec":{"minutes":1,"seconds":30},"timezone":null,)"
          R"("start_time":null,"end_time":null})");
  const auto vixie = read(R"({"kind":"vixie","spec":{"crontab":"@daily"},"timezone":"UTC"})");
  REQUIRE(trigger_to_json(vixie) == R"({"kind":"vixie","spec":{"crontab":"0 0 * * *"},)"
                                    R"("timezone":"UTC","start_time":null,"end_time":null})");
}

TEST_CASE("trigger json: options have words of their own, and absent ones are not written") {
  const auto cron_text = R"({"kind":"cron","spec":{"hour":"2"},"timezone":"Europe/Berlin",)"
                         R"("start_time":null,"end_time":null,"gap":"next_valid","fold":"auto"})";
  const auto cron_spec = read(cron_text);
  REQUIRE(cron_spec.gap == gap_policy::next_valid);
  REQUIRE(cron_spec.fold == fold_policy::automatic);
  REQUIRE(trigger_to_json(cron_spec) == cron_text);
  const auto monthly = read(R"({"kind":"calendar","spec":{"months":1,"end_of_month":"clamp"}})");
  REQUIRE(std::get<calendar_interval>(monthly.kind).clamp_day);
  REQUIRE_FALSE(std::get<calendar_interval>(
                    read(R"({"kind":"calendar","spec":{"months":1,"end_of_month":"skip"}})").kind)
                    .clamp_day);
  const auto aligned = read(R"({"kind":"interval","spec":{"hours":1,"phase":"90s"}})");
  REQUIRE(std::get<interval>(aligned.kind).phase == std::chrono::seconds{90});
  REQUIRE(trigger_to_json(aligned).find(R"({"hours":1,"phase":90})") != std::string::npos);
}

TEST_CASE("trigger json: an option's wrong word is named with those that are right") {
  auto error = refused(R"({"kind":"cron","spec":{},"gap":"skp"})");
  REQUIRE(error.field == "trigger.gap");
  REQUIRE(error.message ==
          "gap is 'skp'; did you mean 'skip'? allowed are skip, next_valid, shift");
  error = refused(R"({"kind":"cron","spec":{},"fold":"twice"})");
  REQUIRE(error.field == "trigger.fold");
  REQUIRE(error.message == "fold is 'twice'; allowed are both, first, second, auto");
  error = refused(R"({"kind":"calendar","spec":{"months":1,"end_of_month":"last"}})");
  REQUIRE(error.field == "trigger.spec.end_of_month");
  REQUIRE(refused(R"({"kind":"cron","spec":{},"gap":1})").field == "trigger.gap");
  REQUIRE(refused(R"({"kind":"interval","spec":{"hours":1,"phase":true}})").field ==
          "trigger.spec.phase");
  error = refused(R"({"kind":"or","spec":{"triggers":[{"kind":"cron","spec":{},"fold":"x"}]}})");
  REQUIRE(error.field == "trigger.spec.triggers[0].fold");
}

TEST_CASE("trigger json: a time with an offset is an instant, one without is wall-clock time") {
  const auto spec = read(R"({"kind":"cron","spec":{"hour":3,"minute":"*/5"},
      "start_time":"2026-01-01T00:00:00+01:00","end_time":"2026-02-01T00:00:00.5"})");
  REQUIRE(spec.start_time == when{parse_instant("2025-12-31T23:00:00Z").value(), false});
  REQUIRE(spec.end_time == when{parse_instant("2026-02-01T00:00:00.5Z").value(), true});
  REQUIRE(std::get<cron>(spec.kind).hour == "3");
}

TEST_CASE("trigger json: interval parts add up, fractions and negative ones too") {
  const auto every = [](std::string_view spec) {
    return std::get<interval>(read(R"({"kind":"interval","spec":)" + std::string{spec} + "}").kind)
        .every;
  };
  REQUIRE(every(R"({"hours":1,"minutes":-30})") == std::chrono::minutes{30});
  REQUIRE(every(R"({"seconds":0.5,"microseconds":1})") == duration{500'001});
  REQUIRE(every(R"({"weeks":47,"hours":45,"microseconds":133144})") ==
          duration{(std::int64_t{47} * 7 * 24 + 45) * 3'600'000'000 + 133'144});
}

TEST_CASE("trigger json: an error names the field and what is allowed") {
  auto error = refused(R"({"kind":"cron","spec":{"hours":3}})");
  REQUIRE(error.field == "trigger.spec.hours");
  REQUIRE(error.message.find("did you mean 'hour'?") != std::string::npos);
  REQUIRE(refused(R"({"kind":"cron","zone":"UTC"})").field == "trigger.zone");
  error = refused(R"({"kind":"or","spec":{"triggers":[{"kind":"date","spec":{}}]}})");
  REQUIRE(error.field == "trigger.spec.triggers[0].spec.run_time");
  REQUIRE(refused(R"({"kind":"calendar","spec":{"days":-1}})").field == "trigger.spec.days");
  REQUIRE(refused(R"({"kind":"calendar","spec":{"days":1.5}})").field == "trigger.spec.days");
  REQUIRE(refused(R"({"kind":"calendar","spec":{"days":18446744073709551615}})").field ==
          "trigger.spec.days");
  REQUIRE(refused(R"({"kind":"calendar","spec":{"days":1,"start_date":"2026-02-30"}})").field ==
          "trigger.spec.start_date");
  REQUIRE(refused(R"({"kind":"cron","spec":{"crontab":"* * * * *","hour":3}})").field ==
          "trigger.spec.hour");
  REQUIRE(refused(R"({"kind":"and","spec":{"triggers":[]}})").field == "trigger.spec.triggers");
}

TEST_CASE("trigger json: dialects of other systems are unsupported") {
  const auto error =
      refused(R"({"kind":"cron","spec":{"crontab":"* * * * *","dialect":"oracle"}})");
  REQUIRE(error.code == errc::unsupported);
  REQUIRE(error.message.find("allowed are") != std::string::npos);
}

TEST_CASE("trigger json: recurrences and repeating intervals come back as they were written") {
  const auto rules = read(R"({"kind":"rrule","spec":{"rrule":["FREQ=DAILY","FREQ=WEEKLY;BYDAY=MO"],
      "dtstart_local":"20260101T090000","exrule":"FREQ=MONTHLY","rdate":"20260103T120000Z,20260104",
      "exdate":["20260102T090000","2026-01-05T09:00:00+01:00"]},"timezone":"Europe/Berlin"})");
  const auto& kind = std::get<recurrence>(rules.kind);
  REQUIRE(kind.start.is_local);
  REQUIRE(kind.rules.size() == 2);
  REQUIRE(kind.except_rules == std::vector<std::string>{"FREQ=MONTHLY"});
  REQUIRE(kind.dates.size() == 2);
  REQUIRE_FALSE(kind.dates.front().is_local);
  REQUIRE(kind.except_dates.size() == 2);
  REQUIRE(read(trigger_to_json(rules)) == rules);
  // Without dtstart_local the start is DTSTART.
  const auto started = read(R"({"kind":"rrule","spec":{"rrule":"FREQ=DAILY"},
      "start_time":"2026-01-01T09:00:00Z"})");
  REQUIRE_FALSE(started.start_time);
  REQUIRE_FALSE(std::get<recurrence>(started.kind).start.is_local);
  REQUIRE(read(trigger_to_json(started)) == started);
  const auto interval = read(R"({"kind":"iso8601","spec":{"interval":"R5/2026-01-31/P1M"}})");
  REQUIRE(read(trigger_to_json(interval)) == interval);
  REQUIRE(refused(R"({"kind":"rrule","spec":{"rrule":"FREQ=DAILY"}})").field ==
          "trigger.spec.dtstart_local");
  REQUIRE(refused(R"({"kind":"rrule","spec":{"rrule":7,"dtstart_local":"20260101"}})").field ==
          "trigger.spec.rrule");
  REQUIRE(refused(R"({"kind":"rrule","spec":{"rdate":"2026","dtstart_local":"20260101"}})").field ==
          "trigger.spec.rdate");
  REQUIRE(refused(R"({"kind":"iso8601","spec":{"text":"R/P1D"}})").field == "trigger.spec.text");
}

TEST_CASE("trigger json: cron fields may be ranges instead of text") {
  const auto spec = read(R"({"kind":"cron","spec":{"minute":[{"start":0,"end":30,"step":10},45],
      "hour":{"step":2},"day":{},"month":{"start":3,"step":3},
      "day_of_week":[{"start":"mon","end":"fri"},"sun"]}})");
  const auto& kind = std::get<cron>(spec.kind);
  REQUIRE(kind.minute == "0-30/10,45");
  REQUIRE(kind.hour == "*/2");
  REQUIRE(kind.day == "*");
  REQUIRE(kind.month == "3/3");
  REQUIRE(kind.day_of_week == "mon-fri,sun");
  const auto field_of = [](const std::string& minute) {
    return refused(R"({"kind":"cron","spec":{"minute":)" + minute + "}}").field;
  };
  REQUIRE(field_of("[]") == "trigger.spec.minute");
  REQUIRE(field_of("[[1]]") == "trigger.spec.minute[0]");
  REQUIRE(field_of(R"([1,{"end":3}])") == "trigger.spec.minute[1].end");
  REQUIRE(field_of(R"({"start":"1-3"})") == "trigger.spec.minute.start");
  REQUIRE(field_of(R"({"step":"2"})") == "trigger.spec.minute.step");
  REQUIRE(field_of(R"({"begin":2})") == "trigger.spec.minute.begin");
  REQUIRE(field_of("1.5") == "trigger.spec.minute");
}

TEST_CASE("trigger json: cron fields may be positions in the month") {
  const auto day = [](const char* structure, const char* dialect) {
    const auto spec = read(R"({"kind":"cron","spec":{"dialect":")" + std::string{dialect} +
                           R"(","day":)" + structure + "}}");
    return *std::get<cron>(spec.kind).day;
  };
  CHECK(day(R"({"day":"last"})", "apscheduler") == "last");
  CHECK(day(R"([{"weekday":"fri","nth":"last"},{"weekday":"mon","nth":2}])", "apscheduler") ==
        "last fri,2nd mon");
  CHECK(day(R"({"day":"last","before":3,"nearest_weekday":true})", "quartz") == "L-3W");
  CHECK(day(R"({"day":15,"nearest_weekday":true})", "quartz") == "15W");
  CHECK(day(R"({"day":"last","nearest_weekday":false})", "quartz") == "L");
  CHECK(day(R"({"weekday":"FRI","nth":"last"})", "quartz") == "FRIL");
  CHECK(day(R"({"weekday":2,"nth":2})", "quartz") == "2#2");
  const auto field_of = [](const std::string& day_text, const char* dialect = "quartz") {
    return refused(R"({"kind":"cron","spec":{"dialect":")" + std::string{dialect} + R"(","day":)" +
                   day_text + "}}")
        .field;
  };
  CHECK(field_of(R"({"day":"first"})") == "trigger.spec.day.day");
  CHECK(field_of(R"({"day":15})") == "trigger.spec.day.day");
  CHECK(field_of(R"({"day":"last","before":-1})") == "trigger.spec.day.before");
  CHECK(field_of(R"({"day":"last","before":1})", "vixie") == "trigger.spec.day.before");
  CHECK(field_of(R"({"day":"last","nearest_weekday":1})") == "trigger.spec.day.nearest_weekday");
  CHECK(field_of(R"({"day":"last","step":2})") == "trigger.spec.day.step");
  CHECK(field_of(R"({"weekday":"fri"})") == "trigger.spec.day.nth");
  CHECK(field_of(R"([{"weekday":"fri","nth":6}])") == "trigger.spec.day[0].nth");
  CHECK(field_of(R"({"weekday":"a,b","nth":1})") == "trigger.spec.day.weekday");
}

TEST_CASE("trigger json: crontabs bring their zone and @every along") {
  const auto zoned = read(R"({"kind":"vixie","spec":{"crontab":"CRON_TZ=Asia/Tokyo 0 3 * * *"}})");
  REQUIRE(zoned.timezone == "Asia/Tokyo");
  REQUIRE(read(trigger_to_json(zoned)) == zoned);
  const auto every = read(R"({"kind":"vixie","spec":{"crontab":"@every 1h/15m"}})");
  REQUIRE(std::get<interval>(every.kind) ==
          interval{std::chrono::hours{1}, std::chrono::minutes{15}});
  REQUIRE(read(trigger_to_json(every)) == every);
  for (const auto* text :
       {R"({"kind":"cron","spec":{"crontab":"30 0 3 * * * 2027","dialect":"seconds"}})",
        R"({"kind":"cron","spec":{"crontab":"H H(0-2) * * *","dialect":"jenkins"}})"}) {
    const auto spec = read(text);
    REQUIRE(read(trigger_to_json(spec)) == spec);
    REQUIRE(trigger_to_json(spec).find("crontab") != std::string::npos);
  }
  REQUIRE(refused(R"({"kind":"vixie","spec":{"crontab":"@reboot"}})").code == errc::unsupported);
}

TEST_CASE("trigger json: quartz and systemd come back as they were written") {
  const auto quartz = read(R"({"kind":"quartz","spec":{"cron":"0 30 9 ? * MON-FRI 2026"}})");
  const auto& kind = std::get<cron>(quartz.kind);
  REQUIRE(kind.dialect == cron_dialect::quartz);
  REQUIRE(kind.second == "0");
  REQUIRE(kind.day_of_week == "MON-FRI");
  REQUIRE(kind.year == "2026");
  REQUIRE(read(trigger_to_json(quartz)) == quartz);
  REQUIRE(trigger_to_json(quartz).find(R"("cron":"0 30 9 ? * MON-FRI 2026")") != std::string::npos);
  const auto systemd = read(R"({"kind":"systemd","spec":{"oncalendar":"Mon..Fri 10:00/15"}})");
  REQUIRE(std::get<on_calendar>(systemd.kind).text == "Mon..Fri 10:00/15");
  REQUIRE(read(trigger_to_json(systemd)) == systemd);
  REQUIRE(refused(R"({"kind":"quartz","spec":{"cron":"0 0 * * *"}})").field == "trigger.spec.cron");
  REQUIRE(refused(R"({"kind":"systemd","spec":{"calendar":"daily"}})").field ==
          "trigger.spec.calendar");
}

TEST_CASE("trigger json: malformed input is refused") {
  for (const auto* text :
       {"", "null", "[]", "{", R"({"kind":5})", R"({"kind":"interval","spec":{}})",
        R"({"kind":"interval","spec":{"seconds":"5"}})", R"({"kind":"interval","spec":[]})",
        R"({"kind":"interval","spec":{"weeks":1e300}})", R"({"kind":"date","spec":{}})",
        R"({"kind":"date","spec":{"run_time":"yesterday"}})", R"({"kind":"or","spec":{}})",
        R"({"kind":"and","spec":{"triggers":[5]}})", R"({"kind":"vixie","spec":{}})",
        R"({"kind":"vixie","spec":{"crontab":"* * * *"}})",
        R"({"kind":"cron","spec":{"hour":1.5}})", R"({"kind":"cron","timezone":5})"})
    REQUIRE(refused(text).code == errc::invalid_argument);
}

TEST_CASE("trigger json: nesting has a limit of 32, and hostile depth does no harm") {
  std::string text = R"({"kind":"date","spec":{"run_time":"2026-01-01T00:00:00Z"}})";
  for (int i = 1; i < trigger_depth_max; ++i)
    text = R"({"kind":"or","spec":{"triggers":[)" + text + "]}}";
  REQUIRE(trigger_from_json(text));
  text = R"({"kind":"or","spec":{"triggers":[)" + text + "]}}";
  REQUIRE(refused(text).code == errc::limit_exceeded);
  refused(std::string(200'000, '['));
}

} // namespace
} // namespace carillon::events
