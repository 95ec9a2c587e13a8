#include "tests/stores/postgres_support.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iterator>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;
using namespace std::chrono_literals;

namespace {

/// The server processes of other connections.
std::vector<pid_t> backends(const std::string& url) {
  std::istringstream list{sql_value(url, "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity "
                                         "WHERE backend_type = 'client backend' AND "
                                         "pid <> pg_backend_pid()")};
  return {std::istream_iterator<pid_t>{list}, {}};
}

/// A writer on a thread of its own, which adds jobs of unique ids until it is told to stop, and
/// offers each append until it is answered.
class busy_writer {
public:
  busy_writer(const std::string& url, std::uint64_t number)
      : number_{number}, writer_{url, "w" + std::to_string(number)}, thread_{[this] { run(); }} {}
  ~busy_writer() { stop(); }

  void stop() {
    stopping_ = true;
    if (thread_.joinable())
      thread_.join();
  }

  /// Jobs that were acknowledged. Only after `stop`.
  std::vector<job_id> acknowledged;
  std::string failure; ///< Empty = every offer was answered `appended`. After `stop`.
  std::atomic<int> appends{0};

private:
  void run() {
    for (std::uint64_t n = 0; !stopping_; ++n) {
      std::vector<commit> commits;
      for (std::uint64_t i = 0; i < 1 + n % 5; ++i) {
        const auto job = number_ << 40 | n << 8 | i;
        // Every second one has no id: it is recognised by the append that it was part of.
        commits.push_back(adding(i % 2 == 0 ? job + 1 : 0, {job}));
      }
      auto result = writer_.log->append(writer_.who, {}, commits);
      while (!result && result.error().code == errc::unavailable)
        result = writer_.log->append(writer_.who, {}, commits);
      if (!result) {
        failure = result.error().message;
        return;
      }
      for (std::size_t i = 0; i < commits.size(); ++i) {
        if (result->outcomes[i].kind != outcome_kind::appended)
          failure = "outcome " + std::to_string(static_cast<int>(result->outcomes[i].kind));
        acknowledged.push_back(std::get<job_added>(commits[i].events.front()).id);
      }
      ++appends;
    }
  }

  std::uint64_t number_;
  writer writer_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

using writers = std::vector<std::unique_ptr<busy_writer>>;

writers start_writers(const std::string& url, std::uint64_t count) {
  writers out;
  for (std::uint64_t i = 1; i <= count; ++i)
    out.push_back(std::make_unique<busy_writer>(url, i));
  return out;
}

/// Waits until each of them has done `more` appends.
void wait_for(const writers& list, int more) {
  std::vector<int> goals;
  for (const auto& w : list)
    goals.push_back(w->appends + more);
  for (std::size_t i = 0; i < list.size(); ++i)
    while (list[i]->appends < goals[i] && list[i]->failure.empty())
      std::this_thread::sleep_for(1ms);
}

/// Stops them: everything acknowledged is there, and nothing is there twice.
void check_all(writers& list, const std::string& url) {
  for (auto& w : list)
    w->stop();
  auto added = added_jobs(url);
  std::size_t count = 0;
  for (const auto& w : list) {
    CHECK(w->failure == "");
    for (const auto& job : w->acknowledged)
      if (added[job] != 1)
        FAIL_CHECK("a job is there " << added[job] << " times");
    count += w->acknowledged.size();
  }
  CHECK(added.size() == count);
}

/// Follows the log from its beginning: never a gap, never back.
class follower {
public:
  explicit follower(const std::string& url)
      : log_{must(open_log(url, {.read_only = true}))}, thread_{[this] { run(); }} {}

  /// The first thing that was wrong; empty = nothing. Reads up to the head first.
  std::string stop() {
    const auto head = log_->head();
    while (head && at_ < head->at && fault_.empty())
      std::this_thread::sleep_for(1ms);
    stopping_ = true;
    thread_.join();
    return fault_;
  }

private:
  void run() {
    digest hash{};
    while (!stopping_ && fault_.empty()) {
      auto blocks = log_->read(at_, 64 << 10);
      if (!blocks) {
        fault_ = blocks.error().message;
        return;
      }
      for (const auto& b : *blocks) {
        if (b.first != at_ + 1 || b.previous != hash)
          fault_ = "block at " + std::to_string(b.first) + " after " + std::to_string(at_);
        hash = b.hash;
        at_ = b.first + b.count - 1;
      }
      if (blocks->empty())
        std::this_thread::sleep_for(1ms);
    }
  }

  std::unique_ptr<event_log> log_;
  std::atomic<position> at_{0};
  std::atomic<bool> stopping_{false};
  std::string fault_;
  std::thread thread_;
};

/// A writer that raises counters which all share, each a stream guarded by what was read of it.
std::string raise_counters(const std::string& url, std::uint64_t number, int rounds,
                           std::atomic<int>& raised) {
  constexpr std::uint64_t counters = 4;
  writer w{url, "w" + std::to_string(number)};
  position known = 0;
  for (std::uint64_t n = 0; n < static_cast<std::uint64_t>(rounds); ++n) {
    std::vector<commit> commits;
    for (std::uint64_t i = 0; i < 2; ++i) {
      const auto job = numbered<job_id>((number + n + i) % counters);
      auto c = adding(0, {(number + n + i) % counters});
      c.guards = {stream_key(job)};
      c.known = known;
      c.meta.causation = known;
      commits.push_back(std::move(c));
    }
    auto result = w.log->append(w.who, {}, commits);
    if (!result)
      return result.error().message;
    for (const auto& o : result->outcomes) {
      raised += o.kind == outcome_kind::appended;
      if (o.kind == outcome_kind::conflict && o.at <= known)
        return "a conflict at a position that was known";
    }
    auto blocks = w.log->read(known, 1 << 20);
    if (!blocks)
      return blocks.error().message;
    for (const auto& b : *blocks)
      known = b.first + b.count - 1;
  }
  return {};
}

} // namespace

TEST_CASE("postgres log: eight writers on hot streams never pass a guard that was touched") {
  const auto url = fresh_postgres_log();
  follower first{url};
  std::atomic<int> raised{0};
  std::vector<std::thread> threads;
  std::vector<std::string> failures(8);
  for (std::uint64_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { failures[i] = raise_counters(url, i, 40, raised); });
  follower second{url};
  for (auto& t : threads)
    t.join();
  CHECK(failures == std::vector<std::string>(8));
  CHECK(first.stop() == "");
  CHECK(second.stop() == "");

  // Each says up to where it knew the log: nobody touched its counter between there and itself.
  auto log = must(open_log(url, {.read_only = true}));
  std::map<job_id, position> touched;
  int count = 0;
  for (const auto& b : read_all(*log))
    for (const auto& c : b.commits) {
      const auto& job = std::get<job_added>(c.events.front()).id;
      CHECK(touched[job] <= c.meta->causation);
      touched[job] = c.first;
      ++count;
    }
  CHECK(count == raised);
  CHECK(count > 40);
}

TEST_CASE(
    "postgres log: connections that break in the middle of anything lose and double nothing") {
  const auto url = fresh_postgres_log();
  auto list = start_writers(url, 3);
  follower reader{url};
  std::mt19937 random{7};
  for (int round = 0; round < 25; ++round) {
    wait_for(list, 1);
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 4000});
    sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%append(%' "
             "AND pid <> pg_backend_pid()");
  }
  check_all(list, url);
  CHECK(reader.stop() == "");
}

TEST_CASE("postgres log: a server killed under load loses and doubles nothing") {
  const auto url = fresh_postgres_log();
  auto list = start_writers(url, 3);
  for (int round = 0; round < 3; ++round) {
    wait_for(list, 20);
    shared_postgres().kill();
    shared_postgres().start();
  }
  wait_for(list, 5);
  check_all(list, url);
}

TEST_CASE("postgres log: what the standby may not have is not acknowledged, and not done twice") {
  const auto url = fresh_postgres_log();
  writer w{url, "a", 300ms};
  w.append(adding(1, {1}));
  const auto admin = [&](const std::string& s) { sql(url, s); };
  admin("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  admin("SELECT pg_reload_conf()");
  while (sql_value(url, "SHOW synchronous_standby_names") != "nobody")
    std::this_thread::yield();

  const std::vector<commit> commits{adding(0, {2}), adding(3, {3})};
  std::atomic<bool> answered{false};
  std::thread canceller{[&] {
    while (!answered) {
      admin("SET synchronous_commit = local; SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
            "WHERE wait_event = 'SyncRep'");
      std::this_thread::sleep_for(10ms);
    }
  }};
  const auto unknown = w.log->append(w.who, {}, commits);
  answered = true;
  canceller.join();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == errc::unavailable);
  CHECK(w.log->recovers());

  admin("ALTER SYSTEM RESET synchronous_standby_names");
  admin("SELECT pg_reload_conf()");
  auto again = w.log->append(w.who, {}, commits);
  while (!again && again.error().code == errc::unavailable)
    again = w.log->append(w.who, {}, commits);
  REQUIRE(again);
  CHECK(again->outcomes[0].kind == outcome_kind::appended);
  CHECK(again->outcomes[0].at == 2);
  CHECK(again->outcomes[1].at == 3);
  CHECK(again->after.at == 3);
  CHECK(must(w.log->head()).at == 3);
  // The same commits as a new offer are new, but for the one with an id.
  const auto third = must(w.log->append(w.who, {}, commits));
  CHECK(third.outcomes[0].at == 4);
  CHECK(third.outcomes[1].kind == outcome_kind::duplicate);
}

TEST_CASE("postgres log: a connection that stopped answering is left, and may not append later") {
  const auto url = fresh_postgres_log();
  writer w{url, "a", 200ms};
  w.append(adding(1, {1}));
  const auto backend =
      std::stoi(sql_value(url, "SELECT pid FROM pg_stat_activity WHERE query LIKE '%append(%' AND "
                               "pid <> pg_backend_pid()"));
  REQUIRE(::kill(backend, SIGSTOP) == 0);
  const auto c = adding(0, {2});
  auto result = w.log->append(w.who, {}, std::span{&c, 1});
  CHECK(result.error().code == errc::unavailable);
  while (!result && result.error().code == errc::unavailable)
    result = w.log->append(w.who, {}, std::span{&c, 1});
  CHECK(must(result).outcomes.front().at == 2);
  // The stopped one has the same append before it still, and does it now: too late.
  ::kill(backend, SIGCONT);
  while (sql_value(url, "SELECT count(*) FROM pg_stat_activity WHERE pid = " +
                            std::to_string(backend)) != "0")
    std::this_thread::sleep_for(1ms);
  CHECK(must(w.log->head()).at == 2);
}

TEST_CASE("postgres log: while the server is away calls say so, and go on when it is back") {
  const auto url = fresh_postgres_log();
  writer w{url, "a", 200ms};
  w.append(adding(1, {1}));
  const auto orphans = backends(url);
  shared_postgres().kill();
  for (const auto each : orphans) // they would answer a little longer
    ::kill(each, SIGKILL);
  const auto c = adding(2, {2});
  CHECK(w.log->append(w.who, {}, std::span{&c, 1}).error().code == errc::unavailable);
  CHECK(w.log->read(0, 1000).error().code == errc::unavailable);
  CHECK(w.log->sessions()->renew(w.who).error().code == errc::unavailable);
  CHECK(open_log(url, {.patience = 100ms}).error().code == errc::unavailable);
  shared_postgres().start();
  CHECK(w.append(c).at == 2);
  must(w.log->sessions()->renew(w.who));
  CHECK(read_all(*w.log).size() == 2);
}
