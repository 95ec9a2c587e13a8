#include "carillon/value.hpp"
#include "tools/ledger.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::tools;

namespace {

constexpr time_point start{std::chrono::hours{24 * 20'000}};

const value& member(const value& object, const std::string& name) {
  static const value none;
  const auto* held = object.get_if<value::object>();
  const auto found = held->find(name);
  return found == held->end() ? none : found->second;
}

/// Feeds events and keeps the lines.
struct recorder {
  ledger fold;
  position at = 0;
  std::vector<value> lines = {};

  expected<void> add(event e) {
    const recorded_event recorded{++at, start + std::chrono::seconds{at}, node_id{"n"},
                                  std::make_shared<const commit_meta>(), std::move(e)};
    return fold.apply(recorded,
                      [&](const std::string& line) { lines.push_back(*parse_json(line)); });
  }
  std::string type(std::size_t i) const {
    return *member(lines.at(i), "type").get_if<std::string>();
  }
  value data(std::size_t i, const std::string& name) const {
    return member(member(lines.at(i), "data"), name);
  }
};

schedule_added each_second() {
  schedule_added out;
  out.id = schedule_id{"s"};
  out.settings->task = task_id{"t"};
  out.settings->trigger = {interval{std::chrono::seconds{1}}, "UTC", when{start}, {}};
  return out;
}

job_id job_number(std::uint8_t n) {
  job_id id;
  id.bytes[15] = n;
  return id;
}

job_added job_of(std::uint8_t n, time_point due) {
  job_added out;
  out.id = job_number(n);
  out.task = task_id{"t"};
  out.schedule = schedule_id{"s"};
  out.fire_time = due;
  return out;
}

std::int64_t ms(time_point t) { return t.time_since_epoch().count() / 1000; }

} // namespace

TEST_CASE("ledger: positions and versions are dense, whatever the log holds") {
  recorder r;
  REQUIRE(r.add(task_added{task_id{"t"}, {}}));
  REQUIRE(r.add(each_second()));
  REQUIRE(r.add(task_updated{task_id{"t"}, {}}));
  REQUIRE(r.lines.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(member(r.lines[i], "pos") == value{static_cast<std::int64_t>(i + 1)});
  CHECK(member(r.lines[0], "stream") == value{"task/t"});
  CHECK(member(r.lines[2], "version") == value{2});
  CHECK(member(r.lines[0], "at") == value{ms(start) + 1000});
}

TEST_CASE("ledger: ranges of fates are expanded by the trigger") {
  recorder r;
  REQUIRE(r.add(each_second()));
  schedule_fired fired{.id = schedule_id{"s"}};
  const auto last = start + std::chrono::seconds{4};
  fired.fates.push_back(
      {start, start + std::chrono::seconds{3}, 4, fate_kind::coalesced, last, {}});
  fired.fates.push_back({last, last, 1, fate_kind::job, {}, {}});
  REQUIRE(r.add(fired));
  REQUIRE(r.add(job_of(1, last)));
  REQUIRE(r.lines.size() == 1 + 4 + 1 + 1);
  for (std::size_t i = 1; i <= 4; ++i) {
    CHECK(r.type(i) == "FireRecorded");
    CHECK(r.data(i, "outcome") == value{"coalesced"});
    CHECK(r.data(i, "due") == value{ms(start) + 1000 * static_cast<std::int64_t>(i - 1)});
    CHECK(r.data(i, "into") == value{ms(last)});
  }
  CHECK(r.data(5, "outcome") == value{"job"});
  CHECK(r.data(5, "job") == value{to_string(job_number(1))});
  CHECK(r.type(6) == "JobAdded");
}

TEST_CASE("ledger: attempts count claims, and endings name theirs") {
  recorder r;
  const auto id = job_number(1);
  REQUIRE(r.add(job_added{id, task_id{"t"}}));
  REQUIRE(r.add(job_acquired{id, node_id{"n"}}));
  REQUIRE(r.add(lease_lost{id, 2}));
  REQUIRE(r.add(job_acquired{id, node_id{"n"}}));
  REQUIRE(r.add(job_released{id, 4}));
  REQUIRE(r.add(job_acquired{id, node_id{"m"}}));
  job_finished finished{.id = id, .task = task_id{"t"}, .schedule = {}, .fence = 6};
  finished.outcome = job_outcome::timed_out;
  REQUIRE(r.add(finished));
  REQUIRE(r.lines.size() == 7);
  CHECK(r.type(1) == "JobClaimed");
  CHECK(r.data(1, "attempt") == value{1});
  CHECK(r.data(1, "fence") == value{2});
  CHECK(r.type(2) == "LeaseLost");
  CHECK(r.data(2, "attempt") == value{1});
  CHECK(r.data(3, "attempt") == value{2});
  CHECK(r.type(4) == "JobReleased");
  CHECK(r.data(5, "node") == value{"m"});
  CHECK(r.data(6, "outcome") == value{"timeout"});
  CHECK(r.data(6, "attempt") == value{3});
  CHECK(r.data(6, "fence") == value{6});
}

TEST_CASE("ledger: a job that ended without a claim names no attempt") {
  recorder r;
  const auto id = job_number(1);
  REQUIRE(r.add(job_added{id, task_id{"t"}}));
  job_finished missed{.id = id, .task = task_id{"t"}};
  missed.outcome = job_outcome::missed;
  REQUIRE(r.add(missed));
  CHECK(r.data(1, "attempt").is_null());
  CHECK(r.data(1, "fence").is_null());
  CHECK(r.data(1, "outcome") == value{"missed"});
}

TEST_CASE("ledger: skipped fire times keep their reason, missed ones need none") {
  recorder r;
  REQUIRE(r.add(each_second()));
  schedule_resumed resumed{.id = schedule_id{"s"}};
  resumed.fates.push_back({start, start, 1, fate_kind::skipped, {}, "paused"});
  REQUIRE(r.add(resumed));
  schedule_fired fired{.id = schedule_id{"s"}};
  const auto next = start + std::chrono::seconds{1};
  fired.fates.push_back({next, next, 1, fate_kind::missed, {}, {}});
  REQUIRE(r.add(fired));
  CHECK(r.data(1, "reason") == value{"paused"});
  CHECK(r.data(2, "outcome") == value{"missed"});
}

TEST_CASE("ledger: a range of a schedule never seen is an error, not a guess") {
  recorder r;
  schedule_fired fired{.id = schedule_id{"s"}};
  fired.fates.push_back({start, start + std::chrono::hours{1}, 0, fate_kind::missed, {}, {}});
  CHECK_FALSE(r.add(fired));
}

TEST_CASE("ledger: ranges of a schedule that names a calendar know its days, as they were then") {
  const auto daily = [](std::optional<time_point> from = {}) {
    schedule_added out{.id = schedule_id{"s"}, .settings = {}};
    out.settings->task = task_id{"t"};
    trigger_spec inner{interval{std::chrono::hours{24}}, "UTC", when{from.value_or(start)}};
    out.settings->trigger = {filtered{{inner}, {{.calendar = "off"}}}, "UTC"};
    return out;
  };
  const auto day = [](int n) { return start + n * std::chrono::hours{24}; };
  const auto missed = [&](int first, int last) {
    schedule_fired fired{.id = schedule_id{"s"}};
    fired.fates.push_back({day(first), day(last), 0, fate_kind::missed, {}, {}});
    return fired;
  };
  const auto dues = [](const recorder& r, std::size_t from) {
    std::vector<value> out;
    for (auto i = from; i < r.lines.size(); ++i)
      out.push_back(r.data(i, "due"));
    return out;
  };
  // `start` is 2024-10-04.
  recorder r;
  REQUIRE(r.add(calendar_set{calendar_id{"off"}, {{{2024, 10, 5}, {2024, 10, 6}}}}));
  REQUIRE(r.add(daily()));
  REQUIRE(r.add(missed(0, 4)));
  CHECK(dues(r, 2) == std::vector<value>{ms(day(0)), ms(day(3)), ms(day(4))});
  REQUIRE(r.add(calendar_set{calendar_id{"off"}, {{{2024, 10, 9}, {2024, 10, 10}}}}));
  const auto from = r.lines.size();
  // The ninth was due before it was left out.
  REQUIRE(r.add(missed(5, 8)));
  CHECK(dues(r, from) == std::vector<value>{ms(day(5)), ms(day(7)), ms(day(8))});
}
