// `H`, which spreads schedules by their ids, and `a~b`, drawn when a trigger is set.

#include "triggers/trigger_support.hpp"

#include <set>

namespace carillon::triggers {
namespace {

constexpr auto vixie = cron_dialect::vixie;

resolve_context context_of(std::string schedule, std::uint64_t draw = 0) {
  auto out = test::utc_context;
  out.schedule = std::move(schedule);
  out.draw = draw;
  return out;
}

cron resolved(const cron& kind, const resolve_context& context) {
  auto out = resolve({kind, "UTC"}, context);
  INFO((out ? std::string{} : out.error().message));
  REQUIRE(out);
  REQUIRE(resolve(*out, context_of("other", 7)).value() == *out);
  return std::get<cron>(out->kind);
}

std::string text_of(std::string_view crontab, const resolve_context& context,
                    cron_dialect dialect = vixie) {
  return crontab_text(resolved(test::crontab(crontab, dialect), context));
}

TEST_CASE("spread: H is a number of the field, the same for ever for one schedule") {
  // Stored in events: another number here would move schedules that are written again.
  CHECK(text_of("H H H H H", context_of("backup")) == text_of("H H H H H", context_of("backup")));
  std::set<std::string> minutes;
  std::set<std::string> days;
  for (int i = 0; i < 600; ++i) {
    const auto kind =
        resolved(test::crontab("H * H * *", vixie), context_of("job-" + std::to_string(i)));
    minutes.insert(*kind.minute);
    days.insert(*kind.day);
  }
  CHECK(minutes.size() == 60);
  CHECK(days.size() == 28); // those that every month has
  CHECK(*minutes.begin() == "0");
}

TEST_CASE("spread: ranges and steps begin at a spread number") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i)
    seen.insert(*resolved(test::crontab("H(0-29)/10 * * * *", vixie),
                          context_of("job-" + std::to_string(i)))
                     .minute);
  CHECK(seen.size() == 10);
  CHECK(seen.contains("0-29/10"));
  CHECK(seen.contains("9-29/10"));
  for (const auto* text : {"0 H(22-23) * * *", "0 0 * * H(mon-fri)", "H/15,H(1-3) * * H(jan-mar) *",
                           "0 0 * * H(fri-sun)/2"})
    for (const auto dialect : {vixie, cron_dialect::apscheduler}) {
      INFO(text);
      text_of(text, context_of("backup"), dialect);
    }
}

TEST_CASE("spread: what is written out is no longer than a field may be") {
  std::string many = "H(10-59)";
  for (int i = 0; i < 100; ++i)
    many += ",H/2"; // of which each becomes 0-59/2 or 1-59/2
  cron kind;
  kind.minute = many;
  const auto out = resolve({kind, "UTC"}, context_of("backup"));
  REQUIRE(!out);
  CHECK(out.error().field == "trigger.spec.minute");
  CHECK(out.error().message == "minute as written out has 702 bytes, allowed are 512");
}

TEST_CASE("spread: the shorthands of dialect jenkins are spread") {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i)
    seen.insert(text_of("@daily", context_of("job-" + std::to_string(i)), cron_dialect::jenkins));
  CHECK(seen.size() > 40);
  CHECK(text_of("@daily", context_of("a")) == "0 0 * * *");
  // All fields are ANDed there.
  const auto trigger =
      test::built(test::with(test::crontab("0 0 13 * 5", cron_dialect::jenkins), "UTC"));
  CHECK(test::fires(trigger, 1) == test::texts{"2026-02-13T00:00:00Z"});
}

TEST_CASE("spread: a~b is drawn anew with each seed, within its range") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed)
    seen.insert(*resolved(test::crontab("10~19 * * * *", vixie), context_of("a", seed)).minute);
  CHECK(seen.size() == 10);
  CHECK(*seen.begin() == "10");
  CHECK(*seen.rbegin() == "19");
  for (const auto* text : {"~ * * * *", "50~ * * * *", "~5 * * * *", "0 0 1~7,15 * *",
                           "0 0 * jan~mar *", "0 0 * * mon~sun"})
    text_of(text, context_of("a", 5));
}

TEST_CASE("spread: writing a~b again keeps the number that was drawn") {
  const auto spec = test::crontab("10~19,30 0 * * 1~5", cron_dialect::apscheduler);
  const auto old = resolved(spec, context_of("a", 1));
  for (std::uint64_t seed = 2; seed < 20; ++seed)
    CHECK(resolved(keep_draws(spec, old), context_of("a", seed)) == old);
  // What the range no longer holds is drawn anew.
  const auto moved = keep_draws(test::crontab("20~29,30 0 * * 1~5"), old);
  CHECK(moved.minute == "20~29,30");
}

TEST_CASE("spread: mistakes are refused with their column") {
  const auto refuses = [](const cron& kind, const std::string& column, const std::string& why) {
    const auto error = test::refused({kind, "UTC"}, context_of("a"));
    INFO(error.message);
    CHECK(error.message.find(column) != std::string::npos);
    CHECK(error.message.find(why) != std::string::npos);
  };
  refuses(test::crontab("H(0-60) * * * *", vixie), "column 5", "maximum 59");
  refuses(test::crontab("5,H(9-3) * * * *", vixie), "column 5", "above its maximum");
  refuses(test::crontab("H(3) * * * *", vixie), "column 4", "where - is expected");
  refuses(test::crontab("H(3-4 * * * *", vixie), "column 6", "where ) is expected");
  refuses(test::crontab("H/0 * * * *", vixie), "column 3", "not a step");
  refuses(test::crontab("H(0-9)/11 * * * *", vixie), "column 1", "higher than the total range");
  refuses(test::crontab("Hx * * * *", vixie), "column 2", "not understood");
  refuses(test::crontab("9~3 * * * *", vixie), "column 1", "above its maximum");
  refuses(test::crontab("0~60 * * * *", vixie), "column 3", "maximum 59");
  refuses(test::crontab("0~59/2 * * * *", vixie), "column 5", "not understood");
  cron year;
  year.year = "H";
  refuses(year, "column 1", "needs a range");
  CHECK_FALSE(compile({test::crontab("H * * * *", vixie), "UTC"}));
}

} // namespace
} // namespace carillon::triggers
