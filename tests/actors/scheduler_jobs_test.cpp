#include "engine_fixture.hpp"

#include <stdexcept>

using namespace carillon;
using namespace carillon::test;

namespace {

const task_id work{"work"};

job_spec job_of(const std::string& task, arguments args = {}) {
  return {.task = task_id{task}, .args = to_payload(args)};
}

task_options with_slots(std::optional<std::uint32_t> slots) {
  task_options options;
  options.max_running_jobs = slots;
  return options;
}

task_options process(std::vector<std::string> argv) {
  task_options options;
  options.argv = std::move(argv);
  return options;
}

} // namespace

TEST_CASE("scheduler: run_job gives the value that a typed handler returned") { // JOB-04, TSK-13
  engine_fixture f;
  must(f.engine.register_task(task_id{"add"}, [](int a, int b) { return a + b; }));
  CHECK(must(f.engine.run_job(job_of("add", {.args = {20, 22}}), patience)) == value{42});
  must(f.engine.register_task(task_id{"nothing"}, [] {}));
  CHECK(must(f.engine.run_job(job_of("nothing"), patience)).is_null());
}

TEST_CASE("scheduler: run_job says how a job ended that gave no value") { // DEV-17
  engine_fixture f;
  must(f.engine.register_task(task_id{"refuses"}, [](const job_context&) -> task_result {
    return refuse(errc::failed, "the printer is on fire");
  }));
  const auto failed = f.engine.run_job(job_of("refuses"), patience);
  CHECK(refusal(failed) == "failed");
  CHECK(failed.error().message == "the printer is on fire");
  must(f.engine.register_task(task_id{"throws"}, [] { throw std::runtime_error{"oh no"}; }));
  const auto thrown = f.engine.run_job(job_of("throws"), patience);
  CHECK(refusal(thrown) == "failed");
  CHECK(thrown.error().message == "oh no");
  must(f.engine.register_task(task_id{"throws-int"}, [] { throw 7; }));
  CHECK(refusal(f.engine.run_job(job_of("throws-int"), patience)) == "failed");
  auto late = job_of("refuses");
  late.deadline = day_one - 1s;
  CHECK(refusal(f.engine.run_job(late, patience)) == "missed");
  CHECK(refusal(f.engine.run_job(job_of("unknown"), patience)) == "not_found");
  must(f.engine.register_task(work, [] {})); // the engine is well
  CHECK(f.engine.run_job(job_of("work"), patience));
}

TEST_CASE("scheduler: arguments that do not fit end the job without a call") {
  engine_fixture f;
  int calls = 0;
  must(f.engine.register_task(work, [&calls](int, std::string) { ++calls; }));
  const auto error_of = [&](arguments args) {
    const auto id = must(f.engine.add_job(job_of("work", std::move(args))));
    const auto result = must(f.engine.result(id, patience));
    CHECK(result.outcome == job_outcome::error);
    return result.error.value_or(error_info{});
  };
  CHECK(error_of({.args = {"one", "two"}}).message == "argument 1 is not an integer in range");
  CHECK(error_of({.args = {1}}).message == "argument 2 is missing");
  CHECK(error_of({.args = {1, "two", 3}}).type == "invalid_argument");
  CHECK(calls == 0);
}

TEST_CASE("scheduler: a handler learns which run it is") {
  engine_fixture f;
  must(f.engine.register_task(work, [](const job_context& job) -> task_result {
    return value{value::object{{"id", to_string(job.id())},
                               {"task", job.task().value},
                               {"schedule", job.schedule().value},
                               {"attempt", static_cast<std::int64_t>(job.attempt())},
                               {"fence", static_cast<std::int64_t>(job.fencing_token())},
                               {"name", job.args().kwargs.at("name")}}};
  }));
  auto spec = job_of("work", {.kwargs = {{"name", "Ada"}}});
  spec.result_expiration = 1h;
  const auto id = must(f.engine.add_job(spec));
  const auto seen = *must(f.engine.result(id, patience)).return_value;
  const auto& fields = *seen.get_if<value::object>();
  CHECK(fields.at("id") == value{to_string(id)});
  CHECK(fields.at("task") == value{"work"});
  CHECK(fields.at("schedule") == value{""});
  CHECK(fields.at("attempt") == value{1});
  CHECK(fields.at("name") == value{"Ada"});
  CHECK(fields.at("fence") == value{static_cast<std::int64_t>(must(f.engine.job(id)).fence)});
}

TEST_CASE("scheduler: results are kept only when asked for, as often as read, until they expire") {
  engine_fixture f; // RES-01, DEV-19, DEV-20, RES-07
  must(f.engine.register_task(work, [] { return 42; }));
  const auto unkept = must(f.engine.add_job(job_of("work")));
  const auto bare = must(f.engine.result(unkept, patience));
  CHECK(bare.outcome == job_outcome::success);
  CHECK_FALSE(bare.return_value);
  auto spec = job_of("work");
  spec.result_expiration = 10min;
  const auto kept = must(f.engine.add_job(spec));
  CHECK(must(f.engine.result(kept, patience)).return_value == value{42});
  CHECK(must(f.engine.result(kept)).return_value == value{42});
  f.clock.advance(10min - 1s);
  CHECK(must(f.engine.result(kept)).return_value == value{42});
  f.clock.advance(1s);
  const auto expired = must(f.engine.result(kept));
  CHECK_FALSE(expired.return_value);
  CHECK(expired.outcome == job_outcome::success);
}

TEST_CASE("scheduler: a job without a result yet is not ready, an unknown one not found") {
  engine_fixture f{false}; // DEV-21, DEV-22
  must(f.engine.register_task(work, [] {}));
  const auto id = must(f.engine.add_job(job_of("work")));
  CHECK(refusal(f.engine.result(id)) == "not_ready");
  CHECK(refusal(f.engine.result(id, 1ms)) == "timed_out");
  CHECK(refusal(f.engine.result(job_number(12345))) == "not_found");
  CHECK(refusal(f.engine.result(job_number(12345), patience)) == "not_found");
}

TEST_CASE("scheduler: jobs over the limit wait, and only a passed deadline is missed") { // JOB-09
  engine_fixture f;
  listener events{f.engine};
  gate let_go;
  must(f.engine.register_task(work, [let_go] { let_go.wait(); }));
  const auto x = must(f.engine.add_job(job_of("work")));
  const auto y = must(f.engine.add_job(job_of("work")));
  auto spec = job_of("work");
  spec.deadline = day_one + 1s;
  const auto z = must(f.engine.add_job(spec));
  events.wait("job_acquired");
  CHECK(must(f.engine.task(work)).running_jobs == 1);
  CHECK(must(f.engine.task(work)).waiting_jobs == 2);
  f.clock.advance(2s);
  CHECK(must(f.engine.result(z, patience)).outcome == job_outcome::missed);
  CHECK(must(f.engine.job(y)).status == job_status::queued);
  let_go.open();
  CHECK(must(f.engine.result(x, patience)).outcome == job_outcome::success);
  CHECK(must(f.engine.result(y, patience)).outcome == job_outcome::success);
}

TEST_CASE("scheduler: a saturated task does not hold up another") { // DEV-18
  engine_fixture f;
  gate let_go;
  must(f.engine.register_task(work, [let_go] { let_go.wait(); }));
  must(f.engine.register_task(task_id{"quick"}, [] {}));
  for (int n = 0; n < 6; ++n)
    must(f.engine.add_job(job_of("work")));
  CHECK(f.engine.run_job(job_of("quick"), patience));
  let_go.open();
}

TEST_CASE("scheduler: jobs of a task without a handler wait, and are shown as unclaimable") {
  engine_fixture f; // TSK-11, DEV-5
  must(f.engine.ask(configure_task{work}));
  const auto id = must(f.engine.add_job(job_of("work")));
  CHECK(must(f.engine.job(id)).status == job_status::queued);
  CHECK(must(f.engine.job(id)).unclaimable);
  CHECK_FALSE(must(f.engine.task(work)).claimable);
  must(f.engine.register_task(work, [] {}));
  CHECK(must(f.engine.result(id, patience)).outcome == job_outcome::success);
}

TEST_CASE("scheduler: a handler is registered once, settings given again change nothing") {
  engine_fixture f; // TSK-02, TSK-03, TSK-04
  must(f.engine.register_task(
      work, [] {}, with_slots(7)));
  CHECK(refusal(f.engine.register_task(work, [] {})) == "conflict");
  const auto at = f.engine.status().at;
  configure_task same{work, with_slots(7)};
  CHECK(must(f.engine.ask(same)).what == change::none);
  CHECK(f.engine.status().at == at);
  must(f.engine.add_job(job_of("work")));
  CHECK(must(f.engine.task(work)).settings.max_running_jobs == 7U);
  CHECK(refusal(f.engine.register_task(task_id{"no blanks"}, [] {})) == "invalid_argument");
}

TEST_CASE("scheduler: a registration that is refused may be tried again") {
  engine_fixture f;
  task_options wrong;
  wrong.timeout = std::optional<duration>{-1s};
  CHECK(refusal(f.engine.register_task(
            work, [] {}, wrong)) == "invalid_argument");
  must(f.engine.register_task(work, [] {}));
}

TEST_CASE("scheduler: new tasks start from the node's defaults") { // TSK-05, ENG-07
  fake_clock clock;
  auto options = on(clock);
  options.task_defaults.max_running_jobs = 5;
  auto engine = must(scheduler::open(options));
  must(engine.register_task(work, [] {}));
  CHECK(must(engine.task(work)).settings.max_running_jobs == 5U);
  must(engine.register_task(
      task_id{"own"}, [] {}, with_slots(2)));
  CHECK(must(engine.task(task_id{"own"})).settings.max_running_jobs == 2U);
}

TEST_CASE("scheduler: a task that is in use is not removed") { // TSK-12
  engine_fixture f{false};
  must(f.engine.register_task(work, [] {}));
  const auto id = must(f.engine.add_job(job_of("work")));
  CHECK(refusal(f.engine.ask(remove_task{work})) == "conflict");
  must(f.engine.ask(cancel_job{id}));
  must(f.engine.ask(add_schedule{f.every_minute("tick", "work")}));
  CHECK(refusal(f.engine.ask(remove_task{work})) == "conflict");
  must(f.engine.ask(remove_schedule{schedule_id{"tick"}}));
  must(f.engine.ask(remove_task{work}));
  CHECK(refusal(f.engine.task(work)) == "not_found");
}

TEST_CASE("scheduler: a queued job is cancelled at once, a running one is told to stop") {
  engine_fixture f; // REL-07
  listener events{f.engine};
  must(f.engine.register_task(work, [](const job_context& job) -> task_result {
    std::promise<void> stopped;
    std::stop_callback on_stop{job.stop(), [&] { stopped.set_value(); }};
    stopped.get_future().wait();
    return refuse(errc::cancelled, "told to stop");
  }));
  const auto running = must(f.engine.add_job(job_of("work")));
  const auto queued = must(f.engine.add_job(job_of("work")));
  events.wait("job_acquired");
  must(f.engine.ask(cancel_job{queued, "changed my mind"}));
  const auto ended = must(f.engine.result(queued));
  CHECK(ended.outcome == job_outcome::cancelled);
  CHECK(ended.error->message == "changed my mind");
  must(f.engine.ask(cancel_job{running}));
  CHECK(must(f.engine.result(running, patience)).outcome == job_outcome::cancelled);
  CHECK(refusal(f.engine.ask(cancel_job{running})) == "not_found");
}

TEST_CASE("scheduler: a handler past its timeout is told to stop and ends as timed_out") { // REL-08
  engine_fixture f;
  task_options limited;
  limited.timeout = std::optional<duration>{20ms};
  must(f.engine.register_task(
      work,
      [](const job_context& job) -> task_result {
        std::promise<void> stopped;
        std::stop_callback on_stop{job.stop(), [&] { stopped.set_value(); }};
        stopped.get_future().wait();
        return refuse(errc::cancelled, "told to stop");
      },
      limited));
  CHECK(refusal(f.engine.run_job(job_of("work"), patience)) == "timed_out");
}

TEST_CASE("scheduler: arguments and results over 1 KiB make the round trip as blobs") {
  for (const bool on_disk : {false, true}) {
    temp_dir dir;
    fake_clock clock;
    const auto url = on_disk ? "rocksdb:" + (dir.path() / "log").string() : "memory:";
    auto engine = must(scheduler::open(on(clock, url)));
    must(engine.start());
    must(engine.register_task(work, [](std::string text) { return text + text; }));
    const std::string text(5000, 'x');
    auto spec = job_of("work", {.args = {text}});
    CHECK(must(engine.run_job(spec, patience)) == value{text + text});
    spec.result_expiration = 1h;
    const auto id = must(engine.add_job(spec));
    must(engine.result(id, patience));
    const auto seen = must(engine.job(id));
    CHECK(seen.args.blob);
    CHECK(seen.result.blob);
    CHECK(must(engine.text_of(seen.args)) == spec.args.text);
  }
}

TEST_CASE("scheduler: one request twice is one job, and another under its name is a conflict") {
  engine_fixture f{false}; // REL-13
  must(f.engine.register_task(work, [] {}));
  request_info info;
  info.id.bytes[0] = 1;
  info.meta.idempotency = "key one";
  const auto first = must(f.engine.add_job(job_of("work"), info));
  CHECK(must(f.engine.add_job(job_of("work"), info)) == first);
  info.meta.idempotency = "key two";
  CHECK(refusal(f.engine.add_job(job_of("work"), info)) == "conflict");
  CHECK(f.count("job_added") == 1);
  auto named = job_of("work");
  named.id = job_number(5);
  must(f.engine.add_job(named));
  CHECK(refusal(f.engine.add_job(named)) == "conflict");
}

TEST_CASE("scheduler: jobs are listed newest first over live and finished ones") { // JOB-05
  engine_fixture f;
  must(f.engine.register_task(work, [] {}));
  must(f.engine.ask(configure_task{task_id{"nobody"}}));
  for (int n = 0; n < 5; ++n)
    must(f.engine.run_job(job_of("work"), patience));
  for (int n = 0; n < 5; ++n)
    must(f.engine.add_job(job_of("nobody")));
  std::vector<job_status> seen;
  for (page_request request{.limit = 3};;) {
    const auto found = must(f.engine.jobs({}, request));
    for (const auto& job : found.items)
      seen.push_back(job.status);
    if (found.next.empty())
      break;
    request.cursor = found.next;
  }
  std::vector<job_status> wanted(5, job_status::queued);
  wanted.resize(10, job_status::finished);
  CHECK(seen == wanted);
  CHECK(must(f.engine.jobs({.task = work})).items.size() == 5);
  CHECK(must(f.engine.jobs({.status = job_status::queued})).items.size() == 5);
  CHECK(must(f.engine.jobs({.outcome = job_outcome::success})).items.size() == 5);
  CHECK(refusal(f.engine.jobs({}, {.cursor = "nonsense"})) == "invalid_argument");
}

TEST_CASE("scheduler: commands run as processes, with their output, exit status and timeout") {
  engine_fixture f; // EXE-07
  must(f.engine.ask(configure_task{task_id{"hello"}, process({"/bin/echo", "hello"})}));
  const auto hello = must(f.engine.add_job(job_of("hello")));
  CHECK(must(f.engine.result(hello, patience)).outcome == job_outcome::success);
  CHECK(must(f.engine.text_of(must(f.engine.job(hello)).output)) == "hello\n");

  must(f.engine.ask(configure_task{task_id{"fails"}, process({"/bin/sh", "-c", "exit 3"})}));
  const auto fails = must(f.engine.add_job(job_of("fails")));
  const auto failed = must(f.engine.result(fails, patience));
  CHECK(failed.outcome == job_outcome::error);
  CHECK(failed.error->code == 3);

  auto slow = process({"/bin/sleep", "600"});
  slow.timeout = std::optional<duration>{100ms};
  must(f.engine.ask(configure_task{task_id{"slow"}, slow}));
  const auto timed = must(f.engine.add_job(job_of("slow")));
  CHECK(must(f.engine.result(timed, patience)).outcome == job_outcome::timed_out);

  slow.timeout = std::optional<duration>{};
  must(f.engine.ask(configure_task{task_id{"long"}, slow}));
  listener events{f.engine};
  const auto cancelled = must(f.engine.add_job(job_of("long")));
  events.wait("job_acquired", 4);
  must(f.engine.ask(cancel_job{cancelled}));
  CHECK(must(f.engine.result(cancelled, patience)).outcome == job_outcome::cancelled);
}
