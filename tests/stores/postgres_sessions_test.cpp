#include "tests/stores/postgres_support.hpp"

#include <thread>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;
using namespace std::chrono_literals;

namespace {

struct fixture {
  std::string url = fresh_postgres_log();
  std::unique_ptr<event_log> log = must(open_log(url));
  session_store& sessions = *log->sessions();

  session open(const std::string& node, duration ttl = 1h, std::uint64_t previous = 0) {
    return must(sessions.open({.node = node_id{node}, .ttl = ttl, .previous = previous}));
  }

  /// Makes the store's clock pass the session's end.
  void let_expire(const session& who) {
    sql(url,
        "UPDATE sessions SET expires = store_time() WHERE token = " + std::to_string(who.token));
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "postgres sessions: a name that a live session holds is refused") {
  const auto a = open("a");
  CHECK(open("b").token > a.token);
  const auto refused = sessions.open({.node = node_id{"a"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::conflict);
  CHECK_THAT(refused.error().message, Catch::StartsWith("node 'a' is held by session 1 for"));
  CHECK(append_one(*log, a, adding(1, {1})).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture,
                 "postgres sessions: the token of the session before takes it over at once") {
  const auto before = open("a");
  CHECK_FALSE(sessions.open({.node = node_id{"a"}, .previous = before.token + 1}));
  const auto after = open("a", 1h, before.token);
  CHECK(after.token > before.token);
  CHECK(append_one(*log, before, adding(1, {1})).kind == outcome_kind::fenced);
  CHECK(append_one(*log, after, adding(1, {1})).kind == outcome_kind::appended);
  CHECK(sessions.renew(before).error().code == errc::lease_lost);
}

TEST_CASE_METHOD(fixture,
                 "postgres sessions: one that has expired is fenced and never lives again") {
  const auto a = open("a");
  let_expire(a);
  CHECK(append_one(*log, a, adding(1, {1})).kind == outcome_kind::fenced);
  CHECK(must(log->head()).at == 0);
  CHECK(sessions.renew(a).error().code == errc::lease_lost);
  CHECK(sessions.announce(a, {}).error().code == errc::lease_lost);
  const auto list = must(sessions.list());
  REQUIRE(list.sessions.size() == 1);
  CHECK(list.sessions[0].expired);
  CHECK(list.sessions[0].expires <= list.now);
  CHECK(open("a").token > a.token); // no token needed
}

TEST_CASE_METHOD(fixture, "postgres sessions: the store's clock ends what nobody renews") {
  const auto a = open("a", 300ms);
  const auto b = open("b", 300ms);
  bool expired = false;
  while (!expired) {
    must(sessions.renew(b));
    const auto list = must(sessions.list());
    REQUIRE(list.sessions.size() == 2);
    expired = list.sessions[0].expired;
    std::this_thread::sleep_for(20ms);
  }
  must(sessions.renew(b));
  CHECK(append_one(*log, a, adding(1, {1})).kind == outcome_kind::fenced);
  CHECK(append_one(*log, b, adding(1, {1})).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "postgres sessions: a renewal tells the store's time and lasts the ttl") {
  const auto a = open("a", 60s);
  const auto at = must(sessions.renew(a));
  const auto list = must(sessions.list());
  CHECK(list.sessions[0].expires == at + 60s);
  CHECK(at <= list.now);
  CHECK(sessions.open({.node = node_id{"c"}, .ttl = 1ms}).error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(fixture, "postgres sessions: what a node announces is seen by all") {
  announcement what{.role = "worker",
                    .tasks = {"report", "with \"quotes\", {braces} and \\"},
                    .executors = {"thread", "process"},
                    .labels = {"zone=a", ""},
                    .level = 2,
                    .address = "http://127.0.0.1:7777"};
  const auto a = must(sessions.open({.node = node_id{"a"}, .ttl = 1h, .what = what}));
  auto other = must(open_log(url));
  CHECK(must(other->sessions()->list()).sessions.at(0).what == what);
  what.tasks.clear();
  what.role = "both";
  must(sessions.announce(a, what));
  CHECK(must(other->sessions()->list()).sessions.at(0).what == what);
}

TEST_CASE_METHOD(fixture, "postgres sessions: a closed one is fenced and forgotten") {
  CHECK(must(sessions.list()).sessions.empty());
  CHECK(must(sessions.list()).now > time_point{});
  const auto a = open("a");
  must(sessions.close(a));
  CHECK(must(sessions.list()).sessions.empty());
  CHECK(append_one(*log, a, adding(1, {1})).kind == outcome_kind::fenced);
  must(sessions.close(a));
  CHECK(open("a").token > a.token);
}

TEST_CASE_METHOD(fixture, "postgres sessions: renewal goes on while the log waits for its head") {
  const auto a = open("a", 60s);
  // Somebody holds the head row for a second: appends wait, renewals do not.
  std::thread holder{
      [&] { sql(url, "BEGIN; SELECT FROM log_head FOR UPDATE; SELECT pg_sleep(1); COMMIT"); }};
  while (sql_value(url,
                   "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1)%' AND "
                   "state = 'active' AND pid <> pg_backend_pid()") == "0")
    std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  must(sessions.renew(a));
  CHECK(std::chrono::steady_clock::now() - start < 900ms);
  CHECK(append_one(*log, a, adding(1, {1})).kind == outcome_kind::appended);
  holder.join();
}
