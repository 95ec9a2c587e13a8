// A next fire time costs no memory: the kinds without children allocate nothing.

#include "support/counted_memory.hpp"
#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

TEST_CASE("next and seek: kinds without children allocate nothing") {
  const auto start = test::instant("2026-01-01T00:00:00Z");
  cron seconds;
  seconds.second = "*/7";
  seconds.day = "2nd mon,last";
  calendar_interval monthly;
  monthly.months = 1;
  monthly.hour = 2;
  monthly.start_date = civil_date{2026, 1, 31};
  auto clamped = monthly;
  clamped.clamp_day = true;
  auto mixed = monthly;
  mixed.days = 1;
  std::vector<trigger_spec> specs;
  for (const auto* zone : {"UTC", "Europe/Berlin", "Pacific/Apia"})
    for (const auto& kind : std::vector<decltype(trigger_spec::kind)>{
             seconds, test::crontab("30 2 * * *"),
             test::crontab("30 2 29 2 *", cron_dialect::vixie),
             cron_from_quartz("0 0 12 LW * ?").value(), on_calendar{"Mon *-*-1..7 2:30"}}) {
      specs.push_back(test::with(kind, zone, start));
      specs.back().gap = gap_policy::shift;
      specs.back().fold = fold_policy::automatic;
      specs.push_back(test::with(kind, zone, start));
    }
  for (const auto& kind : {monthly, clamped, mixed})
    specs.push_back(test::with(kind, "Europe/Berlin"));
  specs.push_back(test::with(interval{std::chrono::hours{1}}, "", start));
  specs.push_back(test::with(once{start}, ""));
  for (const auto& spec : specs) {
    const auto trigger = test::built(spec);
    trigger_cursor cursor;
    const auto before = carillon::test::taken.pieces;
    bool ok = true;
    for (int i = 0; i < 500; ++i) {
      auto fire = next(trigger, cursor);
      ok = ok && fire && seek(trigger, {}, start.at + std::chrono::hours{i * 1000});
      cursor = std::move(fire->cursor);
    }
    const auto after = carillon::test::taken.pieces;
    CHECK(ok);
    CHECK(after == before);
  }
  const auto before = carillon::test::taken.pieces;
  REQUIRE(std::make_unique<int>(1));
  CHECK(carillon::test::taken.pieces > before); // it counts
}

} // namespace
} // namespace carillon::triggers
