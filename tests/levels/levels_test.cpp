// Two builds on one log: this one, and one of the next format level that writes one event more.

#include "newer_level.hpp"

#include "events/level.hpp"
#include "stores/event_log.hpp"
#include "stores/sessions.hpp"
#include "tests/actors/engine_fixture.hpp"
#include "tests/support/postgres_server.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

const std::string known = std::to_string(events::format_level());
const std::string next = std::to_string(events::format_level() + 1);

/// A node of the newer build, in a process of its own.
class newer_node {
public:
  newer_node(const std::string& log, const std::string& name, const std::string& data = {}) {
    int in[2];
    int out[2];
    REQUIRE((pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0));
    process_ = fork();
    if (process_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      execl(CARILLON_NEWER_NODE, CARILLON_NEWER_NODE, log.c_str(), name.c_str(),
            data.empty() ? nullptr : data.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_ = in[1];
    from_ = fdopen(out[0], "r");
    greeting = line();
  }
  ~newer_node() {
    close(to_);
    fclose(from_);
    int status = 0;
    waitpid(process_, &status, 0);
  }
  newer_node(const newer_node&) = delete;
  newer_node& operator=(const newer_node&) = delete;

  std::string operator()(std::string what) {
    what += '\n';
    REQUIRE(write(to_, what.data(), what.size()) == static_cast<ssize_t>(what.size()));
    return line();
  }

  std::string greeting;

private:
  std::string line() {
    std::string out;
    for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_))
      out += static_cast<char>(c);
    return out;
  }

  pid_t process_ = -1;
  int to_ = -1;
  std::FILE* from_ = nullptr;
};

scheduler_options node_options(const std::string& log, const std::string& name) {
  auto options = shared_log_options(log, name);
  options.session_ttl = 2s;
  return options;
}

std::string state_of(scheduler& engine) {
  const auto status = engine.status();
  return std::to_string(status.at) + " " + status.state_hash;
}

template <class Condition> bool eventually(Condition is_so) {
  for (const auto until = std::chrono::steady_clock::now() + 30s;
       std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(5ms))
    if (is_so())
      return true;
  return false;
}

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("levels: two builds share a log, and its level is raised once the older has gone") {
  const auto log = carillon::testing::fresh_postgres_log();
  newer_node newer{log, "newer"};
  REQUIRE(newer.greeting == "started");
  {
    auto older = must(scheduler::open(node_options(log, "older")));
    must(older.register_task(task_id{"work"},
                             [](const job_context&) -> task_result { return value{}; }));
    must(older.start());
    CHECK(must(older.result(must(older.add_job({.task = task_id{"work"}})), patience)).outcome ==
          job_outcome::success);
    std::map<std::string, std::uint32_t> announced;
    for (const auto& node : must(older.nodes()))
      announced[node.node.value] = node.level;
    CHECK(announced == std::map<std::string, std::uint32_t>{{"newer", events::format_level() + 1},
                                                            {"older", events::format_level()}});

    // Nothing above the log's level, and no raising while the older one is there.
    CHECK(newer("level") == known + " of " + next);
    CHECK(has(newer("write-newer"), "needs a log of level " + next));
    CHECK(newer("raise " + next) ==
          "level " + next + " is not known to older (level " + known + "): upgrade or stop first");
    const auto refused = older.raise_level(events::format_level() + 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::unsupported);

    // A type that the older build does not know, of a level that it does: in its place, skipped.
    CHECK(newer("write-quiet") == "ok");
    REQUIRE(eventually([&] { return state_of(older) == newer("state"); }));
    const auto last = must(older.events(older.status().at - 1, 1));
    CHECK(last.front().what == newer_event(quiet_type));
    CHECK(must(older.result(must(older.add_job({.task = task_id{"work"}})), patience)).outcome ==
          job_outcome::success);
  }
  CHECK(newer("raise " + next) == "ok");
  CHECK(newer("raise " + next) == "ok"); // it is there already
  CHECK(newer("raise " + known) == "the log is at level " + next + ", and is never lowered");
  CHECK(newer("write-newer") == "ok");
  CHECK(newer("level") == next + " of " + next);

  const auto late = scheduler::open(node_options(log, "older"));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::unsupported);
  CHECK(has(late.error().message, "level " + next));
  // Tools skip what they do not know; a block that asks for more than they know they refuse.
  const auto reader = must(stores::open_log(log, {.read_only = true}));
  const auto read = reader->read(must(reader->head()).at - 1, 1);
  REQUIRE_FALSE(read);
  CHECK(has(read.error().message, "needs level " + next + "; this build reads up to " + known));
  newer_node another{log, "another"};
  CHECK(another("level") == next + " of " + next);
  REQUIRE(eventually([&] { return another("state") == newer("state"); }));
}

TEST_CASE(
    "levels: an older node that came while the level was raised stops working, and says why") {
  const auto log = carillon::testing::fresh_postgres_log();
  newer_node newer{log, "newer"};
  std::mutex mutex;
  std::string said;
  auto options = node_options(log, "older");
  options.sink = [&](log_level, std::string_view line) {
    const std::lock_guard hold{mutex};
    (said += line) += '\n';
  };
  auto older = must(scheduler::open(options));
  must(older.start());
  const auto at = older.status().at;
  CHECK(newer("force " + next) == "ok");
  REQUIRE(eventually([&] { return !older.ready().has_value(); }));
  CHECK(older.status().at == at); // nothing of a block that it may not use
  // Its session ends, and no other follows: what it had is the others' now.
  const auto reader = must(stores::open_log(log));
  const auto is_live = [&] {
    const auto list = must(reader->sessions()->list()).sessions;
    return std::any_of(list.begin(), list.end(), [](const stores::session_record& record) {
      return record.node == node_id{"older"} && !record.expired;
    });
  };
  CHECK(is_live());
  REQUIRE(eventually([&] { return !is_live(); }));
  const std::lock_guard hold{mutex};
  CHECK(has(said, "the log is at level " + next + ", and this build knows up to " + known));
}

TEST_CASE("levels: a log with one writer keeps its level, and the older build refuses it") {
  const temp_dir folder;
  const auto log = "rocksdb:" + (folder.path() / "log").string();
  {
    newer_node newer{log, "only"};
    REQUIRE(newer.greeting == "started");
    CHECK(has(newer("write-newer"), "needs a log of level " + next));
  }
  { // as long as nothing is raised, the way back is open
    auto older = must(scheduler::open(node_options(log, "only")));
    must(older.start());
    CHECK(older.status().level == events::first_level);
    CHECK(older.status().level_known == events::format_level());
  }
  {
    newer_node newer{log, "only"};
    CHECK(newer("raise " + next) == "ok");
  } // leaves a snapshot, which is all that the next one reads
  {
    newer_node newer{log, "only"};
    CHECK(newer("level") == next + " of " + next);
  }
  const auto refused = scheduler::open(node_options(log, "only"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().message == "the log is at level " + next + ", and this build knows up to " +
                                       known + ": it needs a newer version of Carillon");
}
