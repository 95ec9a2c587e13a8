#include "stores/block.hpp"
#include "tests/stores/event_log_contract.hpp"

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;

// Every promise of `event_log`, for every implementation. The kinds of log are generated inside
// each case, so that each runs on empty logs of its own.
namespace {

struct fixture {
  temp_directory directory;
  std::size_t kind = GENERATE(range(std::size_t{0}, kinds_of_log()));
  log_under_test under_test = make_log(kind, directory);
  std::unique_ptr<event_log> log = must(under_test.open());
  session who = open_for_test(*log, "a");

  fixture() { INFO("log: " << under_test.name); }

  void reopen() {
    log.reset();
    log = must(under_test.open());
    who = open_for_test(*log, "a", who.token);
  }

  /// What the log's clock may say of a block appended at `time` of ours.
  bool is_time(time_point block, time_point time) const {
    if (!under_test.is_shared)
      return block == time;
    const auto difference = block - wall_clock().now();
    return difference < std::chrono::minutes{1} && difference > -std::chrono::minutes{1};
  }
};

const job_added& added(const recorded_commit& c, std::size_t i) {
  return std::get<job_added>(c.events.at(i));
}

} // namespace

TEST_CASE_METHOD(fixture, "event log: an empty log has its head at 0 and no blocks") {
  CHECK(must(log->head()).at == 0);
  CHECK(must(log->base()).at == 0);
  CHECK(must(log->read(0, 1)).empty());
  CHECK_FALSE(must(log->load_snapshot()).has_value());
}

TEST_CASE_METHOD(fixture, "event log: positions are dense and blocks chain") {
  for (std::uint64_t i = 0; i < 20; ++i) {
    std::vector<commit> commits{adding(100 + 2 * i, {3 * i, 3 * i + 1}),
                                adding(101 + 2 * i, {3 * i + 2})};
    auto result = must(log->append(who, at_second(1000 + i), commits));
    CHECK(result.outcomes[0].at == 3 * i + 1);
    CHECK(result.outcomes[1].at == 3 * i + 3);
    CHECK(result.after.at == 3 * i + 3);
    CHECK(result.first == 3 * i + 1);
    const auto written = must(log->read_raw(3 * i, 1)).front();
    const auto decoded = must(decode_block(written.bytes, written.last));
    CHECK(decoded.previous == result.previous);
    CHECK(decoded.hash == result.after.hash);
    CHECK(result.bytes == (under_test.is_shared ? written.bytes : ""));
  }
  position next = 1;
  digest previous{};
  for (const auto& b : read_all(*log)) {
    CHECK(b.first == next);
    CHECK(b.previous == previous);
    CHECK(b.session == who.token);
    CHECK(b.node == who.node);
    REQUIRE(b.commits.size() == 2);
    CHECK(b.commits[0].first == next);
    CHECK(b.commits[1].first == next + 2);
    CHECK(added(b.commits[0], 0).id == numbered<job_id>(next - 1));
    next += b.count;
    previous = b.hash;
  }
  CHECK(next == 61);
  CHECK(must(log->head()).hash == previous);
}

TEST_CASE_METHOD(fixture, "event log: a read stops at its byte limit and goes on without a gap") {
  for (std::uint64_t i = 1; i <= 50; ++i)
    append_one(*log, who, adding(i, {i}));
  CHECK(must(log->read(0, 1)).size() == 1); // at least one, whatever the limit
  position after = 0;
  while (after < 50) {
    auto some = must(log->read(after, 1000));
    REQUIRE_FALSE(some.empty());
    CHECK(some.size() < 50);
    CHECK(some.front().first == after + 1);
    after = some.back().first + some.back().count - 1;
  }
  CHECK(must(log->read(50, 1000)).empty());
}

TEST_CASE_METHOD(fixture, "event log: a read from inside a block begins with that block") {
  append_one(*log, who, adding(1, {1, 2, 3}));
  append_one(*log, who, adding(2, {4}));
  auto blocks = must(log->read(2, 1 << 20));
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].first == 1);
}

TEST_CASE_METHOD(fixture, "event log: a conflict leaves no trace and its neighbours alone") {
  append_one(*log, who, adding(1, {1}));
  append_one(*log, who, adding(2, {2}));
  auto stale = adding(4, {4});
  stale.known = 1;
  stale.guards = {stream_key(numbered<job_id>(2))};
  auto fresh = adding(5, {5});
  fresh.known = 2;
  fresh.guards = stale.guards;
  std::vector<commit> commits{adding(3, {3}), stale, fresh};
  auto result = must(log->append(who, at_second(1000), commits));
  CHECK(result.outcomes[0].kind == outcome_kind::appended);
  REQUIRE(result.outcomes[1].kind == outcome_kind::conflict);
  CHECK(result.outcomes[1].at == 2);
  CHECK(result.outcomes[1].conflicting == stale.guards.front());
  REQUIRE(result.outcomes[2].kind == outcome_kind::appended);
  CHECK(result.outcomes[2].at == 4);
  auto last = read_all(*log).back();
  REQUIRE(last.commits.size() == 2);
  CHECK(last.commits[1].id == fresh.id);
  // The refused commit's id is free: it may try again.
  stale.known = 4;
  CHECK(append_one(*log, who, stale).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "event log: commits of one append conflict with each other") {
  auto first = adding(1, {1});
  auto second = adding(2, {2});
  second.guards = {stream_key(numbered<job_id>(1))};
  std::vector<commit> commits{first, second};
  auto result = must(log->append(who, at_second(1000), commits));
  CHECK(result.outcomes[0].kind == outcome_kind::appended);
  CHECK(result.outcomes[1].kind == outcome_kind::conflict);
  CHECK(must(log->head()).at == 1);
}

TEST_CASE_METHOD(fixture, "event log: a named key that was touched is a conflict") {
  constexpr key slot = 42;
  auto taking = adding(1, {1});
  taking.touches = {slot};
  append_one(*log, who, taking);
  auto late = adding(2, {2});
  late.guards = {slot};
  CHECK(append_one(*log, who, late).kind == outcome_kind::conflict);
  late.known = 1;
  CHECK(append_one(*log, who, late).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "event log: a repeated commit is a duplicate with its first position") {
  append_one(*log, who, adding(1, {1, 2}));
  append_one(*log, who, adding(2, {3}));
  auto again = append_one(*log, who, adding(2, {3}));
  CHECK(again.kind == outcome_kind::duplicate);
  CHECK(again.at == 3);
  std::vector<commit> twins{adding(3, {4}), adding(3, {4})};
  auto result = must(log->append(who, at_second(1000), twins));
  CHECK(result.outcomes[0].at == 4);
  CHECK(result.outcomes[1].kind == outcome_kind::duplicate);
  CHECK(result.outcomes[1].at == 4);
  CHECK(must(log->head()).at == 4);
}

TEST_CASE_METHOD(fixture, "event log: commits without an id are never duplicates") {
  auto c = adding(0, {1});
  REQUIRE(c.id.empty());
  CHECK(append_one(*log, who, c).kind == outcome_kind::appended);
  CHECK(append_one(*log, who, c).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "event log: reopening shows exactly what was acknowledged") {
  if (!under_test.survives_closing)
    return;
  for (std::uint64_t i = 1; i <= 30; ++i)
    append_one(*log, who, adding(i, {i}), at_second(static_cast<std::int64_t>(i)));
  auto before = must(log->head());
  auto blocks = read_all(*log);
  reopen();
  auto after = must(log->head());
  CHECK(after.at == before.at);
  CHECK(after.hash == before.hash);
  CHECK(after.time == before.time);
  auto again = read_all(*log);
  REQUIRE(again.size() == blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i)
    CHECK(again[i].hash == blocks[i].hash);
  CHECK(append_one(*log, who, adding(31, {31})).at == 31);
}

TEST_CASE_METHOD(fixture, "event log: a commit repeated after a restart is a duplicate") {
  if (!under_test.survives_closing)
    return;
  append_one(*log, who, adding(1, {1}));
  auto keyed = adding(2, {2});
  keyed.meta.idempotency = "client-key";
  append_one(*log, who, keyed);
  reopen();
  CHECK(append_one(*log, who, adding(1, {1})).kind == outcome_kind::duplicate);
  auto again = append_one(*log, who, keyed);
  CHECK(again.kind == outcome_kind::duplicate);
  CHECK(again.at == 2);
}

TEST_CASE_METHOD(fixture, "event log: after a restart a writer must know the head to rely on it") {
  if (!under_test.survives_closing)
    return;
  append_one(*log, who, adding(1, {1}));
  append_one(*log, who, adding(2, {2}));
  reopen();
  auto c = adding(3, {3});
  // A shared log remembers what was touched: one key that was, and not any.
  c.guards = {stream_key(numbered<job_id>(under_test.is_shared ? 2 : 99))};
  c.known = 1;
  CHECK(append_one(*log, who, c).kind == outcome_kind::conflict);
  c.known = 2;
  CHECK(append_one(*log, who, c).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "event log: a commit before its time is refused") {
  const auto due =
      under_test.is_shared ? wall_clock().now() + std::chrono::hours{1} : at_second(50);
  auto c = adding(1, {1});
  c.not_before = due;
  CHECK(append_one(*log, who, c, due - std::chrono::seconds{1}).kind == outcome_kind::too_early);
  CHECK(must(log->head()).at == 0);
  if (under_test.is_shared)
    c.not_before = due - std::chrono::hours{2};
  CHECK(append_one(*log, who, c, due).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "event log: block time never goes back") {
  append_one(*log, who, adding(1, {1}), at_second(100));
  append_one(*log, who, adding(2, {2}), at_second(40));
  auto blocks = read_all(*log);
  CHECK(blocks[1].time >= blocks[0].time);
  CHECK(is_time(blocks[1].time, at_second(100)));
  CHECK(must(log->head()).time == blocks[1].time);
  if (!under_test.survives_closing)
    return;
  reopen();
  append_one(*log, who, adding(3, {3}), at_second(40));
  CHECK(read_all(*log).back().time >= blocks[1].time);
  CHECK(is_time(read_all(*log).back().time, at_second(100)));
}

TEST_CASE_METHOD(fixture, "event log: an older session is fenced") {
  auto newer = open_for_test(*log, under_test.is_shared ? "a" : "b", who.token);
  CHECK(newer.token > who.token);
  CHECK(append_one(*log, who, adding(1, {1})).kind == outcome_kind::fenced);
  CHECK(append_one(*log, newer, adding(1, {1})).kind == outcome_kind::appended);
}

TEST_CASE_METHOD(fixture, "event log: what does not fit into a block is told so") {
  auto big = adding(1, {});
  big.events.push_back(
      unknown_event{.type = 1000, .version = 1, .bytes = std::string(9 << 20, 'x')});
  auto second = big;
  second.id = numbered<commit_id>(2);
  std::vector<commit> commits{big, second, adding(3, {3})};
  auto result = must(log->append(who, at_second(1000), commits));
  CHECK(result.outcomes[0].kind == outcome_kind::appended);
  CHECK(result.outcomes[1].kind == outcome_kind::full);
  CHECK(result.outcomes[2].at == 2);
  CHECK(append_one(*log, who, second).kind == outcome_kind::appended);
  CHECK(read_all(*log).size() == 2);
}

TEST_CASE_METHOD(fixture, "event log: what a commit says about itself comes back") {
  auto c = adding(1, {1});
  c.meta = {.who = "ann",
            .from = "http 127.0.0.1",
            .correlation = "r-1",
            .causation = 7,
            .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            .idempotency = "k"};
  std::vector<commit> commits{c, adding(2, {2}), adding(3, {3})};
  commits[1].meta = c.meta;
  must(log->append(who, at_second(1000), commits));
  auto blocks = read_all(*log);
  CHECK(*blocks[0].commits[0].meta == c.meta);
  CHECK(*blocks[0].commits[1].meta == c.meta);
  CHECK(*blocks[0].commits[2].meta == commits[2].meta);
  CHECK(blocks[0].commits[1].id == commits[1].id);
}

TEST_CASE_METHOD(fixture, "event log: blobs are kept by their digest") {
  std::string bytes(100'000, 'b');
  auto ref = must(log->put_blob(bytes));
  CHECK(ref.size == bytes.size());
  CHECK(must(log->put_blob(bytes)) == ref);
  append_one(*log, who, adding(1, {1}));
  if (under_test.survives_closing)
    reopen();
  CHECK(must(log->get_blob(ref)) == bytes);
  ref.digest[0] ^= 1;
  CHECK(log->get_blob(ref).error().code == errc::not_found);
}

TEST_CASE_METHOD(fixture, "event log: the newest snapshot comes back whole") {
  append_one(*log, who, adding(1, {1}));
  auto head = must(log->head());
  snapshot s{head.at, head.hash, {{"tasks", "aaa"}, {"jobs", std::string(5000, 'j')}}};
  must(log->put_snapshot(s));
  append_one(*log, who, adding(2, {2}));
  head = must(log->head());
  s = {head.at, head.hash, {{"tasks", "aaa"}, {"jobs", "changed"}}};
  must(log->put_snapshot(s));
  if (under_test.survives_closing)
    reopen();
  auto loaded = must(log->load_snapshot());
  REQUIRE(loaded.has_value());
  CHECK(loaded->at == 2);
  REQUIRE(loaded->chunks.size() == 2);
  CHECK(loaded->chunks[0].bytes == "aaa");
  CHECK(loaded->chunks[1].name == "jobs");
  CHECK(loaded->chunks[1].bytes == "changed");
}

TEST_CASE_METHOD(fixture, "event log: a snapshot of another history is refused") {
  append_one(*log, who, adding(1, {1}));
  auto refused = log->put_snapshot({1, digest{}, {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(fixture, "event log: what a snapshot covers can be dropped, and the base stays") {
  for (std::uint64_t i = 1; i <= 10; ++i)
    append_one(*log, who, adding(i, {i}), at_second(static_cast<std::int64_t>(i)));
  CHECK(log->drop_before(6).error().code == errc::conflict); // no snapshot yet
  auto head = must(log->head());
  must(log->put_snapshot({head.at, head.hash, {}}));
  auto sixth = read_all(*log)[5];
  must(log->drop_before(6));
  if (under_test.survives_closing)
    reopen();
  auto base = must(log->base());
  CHECK(base.at == 6);
  CHECK(base.hash == sixth.hash);
  CHECK(base.time == sixth.time);
  CHECK(is_time(base.time, at_second(6)));
  CHECK(log->read(5, 1 << 20).error().code == errc::gone);
  auto rest = read_all(*log, 6);
  REQUIRE(rest.size() == 4);
  CHECK(rest[0].first == 7);
  CHECK(rest[0].previous == base.hash);
  must(log->drop_before(10));
  if (under_test.survives_closing)
    reopen();
  CHECK(must(log->head()).at == 10);
  CHECK(append_one(*log, who, adding(11, {11})).at == 11);
}
