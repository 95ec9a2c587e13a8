#include "domain/task_aggregate.hpp"

#include "support/given_when_then.hpp"

using namespace carillon;
using namespace carillon::test;
using domain::task_usage;

namespace {

const task_id backup{"backup"};

scenario<domain::task_state> given(const std::vector<event>& history) {
  return scenario<domain::task_state>{history};
}

task_added added(task_settings settings = {}) { return {.id = backup, .settings = settings}; }

/// The field that `check_settings` finds at fault; empty when all is well.
std::string fault_of(const task_settings& settings) {
  const auto ok = domain::check_settings(settings);
  return ok ? "" : ok.error().field;
}

} // namespace

TEST_CASE(
    "task_aggregate: a new task has the scheduler's defaults with its own options over them") {
  task_settings defaults;
  defaults.max_running_jobs = 4;
  defaults.timeout = 9s;
  defaults.meta = {{"team", "\"ops\""}, {"tier", "1"}};
  task_options options;
  options.max_running_jobs = 2U;
  options.meta = metadata{{"tier", "2"}};

  task_settings wanted = defaults;
  wanted.max_running_jobs = 2;
  wanted.meta = {{"team", "\"ops\""}, {"tier", "2"}};
  auto s = given({});
  s.when(configure_task{backup, options}, defaults).then({added(wanted)});
  CHECK(s.reply().what == change::created);
  CHECK(s.reply().id == "backup");
  CHECK(s.state()->revision == 1);
  CHECK(s.state()->created_at == day_one);
}

TEST_CASE("task_aggregate: configuring an existing task changes only what is given") {
  task_settings old;
  old.max_running_jobs = 7;
  task_options options;
  options.timeout = std::optional<duration>{5s};
  task_settings wanted = old;
  wanted.timeout = 5s;
  auto s = given({added(old)});
  s.when(configure_task{backup, options}, task_settings{})
      .then({task_updated{.id = backup, .settings = wanted}});
  CHECK(s.reply().what == change::updated);
  CHECK(s.state()->revision == 2);
}

TEST_CASE("task_aggregate: an option given as none takes the limit away") {
  task_options options;
  options.max_running_jobs = std::optional<std::uint32_t>{};
  auto s = given({added()});
  s.when(configure_task{backup, options}, task_settings{}).then_accepted();
  CHECK_FALSE(s.state()->settings.max_running_jobs.has_value());
}

TEST_CASE("task_aggregate: configuring what is already so writes no event") {
  task_settings old;
  old.max_running_jobs = 7;
  task_options options;
  options.max_running_jobs = 7U;
  auto s = given({added(old)});
  s.when(configure_task{backup, options}, task_settings{}).nothing();
  CHECK(s.reply().what == change::none);
  s.when(configure_task{backup, {}}, task_settings{}).nothing();
}

TEST_CASE("task_aggregate: an argv without an executor makes a process task") {
  task_options options;
  options.argv = std::vector<std::string>{"/bin/true"};
  given({})
      .when(configure_task{backup, options}, task_settings{})
      .then({added(process_task_settings({"/bin/true"}))});
}

TEST_CASE("task_aggregate: a task's name is checked") {
  given({})
      .when(configure_task{task_id{""}, {}}, task_settings{})
      .refused(errc::invalid_argument, "id");
  given({})
      .when(configure_task{task_id{"a b"}, {}}, task_settings{})
      .refused(errc::invalid_argument, "id");
}

TEST_CASE("task_aggregate: removing is refused while schedules or jobs use the task") {
  given({added()}).when(remove_task{backup}, task_usage{.schedules = 1}).refused(errc::conflict);
  given({added()}).when(remove_task{backup}, task_usage{.jobs = 2}).refused(errc::conflict);
  given({}).when(remove_task{backup}, task_usage{}).refused(errc::not_found);
  auto s = given({added()});
  s.when(remove_task{backup}, task_usage{}).then({task_removed{backup}});
  CHECK(s.state() == nullptr);
}

TEST_CASE("task_aggregate: a process needs an absolute program and a bounded argv") {
  CHECK(fault_of(process_task_settings({"/bin/true", "-x"})).empty());
  CHECK(fault_of(process_task_settings({})) == "argv");
  CHECK(fault_of(process_task_settings({"true"})) == "argv");
  CHECK(fault_of(process_task_settings({"/bin/true", std::string("a\0b", 3)})) == "argv");
  std::vector<std::string> many(domain::argv_entries_max, "x");
  many.front() = "/bin/true";
  CHECK(fault_of(process_task_settings(many)).empty());
  many.push_back("x");
  CHECK(fault_of(process_task_settings(many)) == "argv");
  CHECK(fault_of(process_task_settings({"/bin/true", std::string(256 * 1024, 'x')})) == "argv");
}

TEST_CASE("task_aggregate: a process's environment and folder are checked") {
  auto settings = process_task_settings({"/bin/true"});
  for (const char* name : {"", "1A", "A=B", "A-B", "CARILLON_JOB_ID"}) {
    settings.env = {{name, "x"}};
    CHECK(fault_of(settings) == "env");
  }
  settings.env = {{"PATH_2", "x"}};
  CHECK(fault_of(settings).empty());
  settings.cwd = "tmp";
  CHECK(fault_of(settings) == "cwd");
  settings.cwd = "/tmp";
  settings.stdin_text = std::string(256 * 1024, 'x');
  CHECK(fault_of(settings) == "stdin");
}

TEST_CASE("task_aggregate: what belongs to processes is refused for threads") {
  task_settings settings;
  settings.argv = {"/bin/true"};
  CHECK(fault_of(settings) == "argv");
  settings = {};
  settings.env = {{"A", "b"}};
  CHECK(fault_of(settings) == "env");
  settings = {};
  settings.stdin_text = "x";
  CHECK(fault_of(settings) == "stdin");
}

TEST_CASE("task_aggregate: limits have their lowest value") {
  task_settings settings;
  settings.timeout = 0s;
  CHECK(fault_of(settings) == "timeout");
  settings.timeout = 1us;
  CHECK(fault_of(settings).empty());
  settings.max_running_jobs = 0;
  CHECK(fault_of(settings) == "max_running_jobs");
  settings.max_running_jobs = 1;
  settings.misfire_grace_time = -1us;
  CHECK(fault_of(settings) == "misfire_grace_time");
  settings.misfire_grace_time = 0us;
  CHECK(fault_of(settings).empty());
  settings.misfire_grace_time = duration::max();
  CHECK(fault_of(settings) == "misfire_grace_time");
  settings.misfire_grace_time = {};
  settings.disconnect_grace = -1s;
  CHECK(fault_of(settings) == "disconnect_grace");
  settings.disconnect_grace = {};
  settings.meta = {{"a", "{"}};
  CHECK(fault_of(settings) == "metadata.a");
  settings.meta = {{"", "1"}};
  CHECK(fault_of(settings) == "metadata");
}

TEST_CASE("task_aggregate: a run keeps the longest grace that it can have begun with") {
  const task_id id{"t"};
  const auto with = [](std::optional<duration> grace) {
    auto settings = process_task_settings({"/bin/true"});
    settings.disconnect_grace = grace;
    return settings;
  };
  auto task = evolve(domain::task_state{}, task_added{id, with(30s)}, {1, day_one});
  const auto change = [&](std::optional<duration> grace, position at) {
    task = evolve(std::move(task), task_updated{id, with(grace)}, {at, day_one});
  };
  CHECK(disconnect_grace_of(task, 5) == 30s);
  change(10s, 10);
  CHECK(disconnect_grace_of(task, 5) == 30s); // claimed before it was lowered
  CHECK(disconnect_grace_of(task, 11) == 10s);
  change({}, 20); // raised, to the 60 s of a process
  CHECK(disconnect_grace_of(task, 5) == 60s);
  CHECK(disconnect_grace_of(task, 21) == 60s);
  change(0s, 30);
  CHECK(disconnect_grace_of(task, 25) == 60s);
  CHECK(disconnect_grace_of(task, 31) == 0s);
}

TEST_CASE("task_aggregate: only labels that a node can have are demanded") {
  task_settings settings;
  settings.required_labels = {{"gpu", ""}, {"zone", "eu=1"}};
  CHECK(fault_of(settings).empty());
  const std::string long_text(name_bytes_max + 1, 'x');
  for (const auto& label : std::map<std::string, std::string>{
           {"", "a"}, {"a=b", ""}, {"a,b", ""}, {"a", "b,c"}, {long_text, ""}, {"b", long_text}}) {
    settings.required_labels = {label};
    CHECK(fault_of(settings) == "requires");
  }
  settings.required_labels.clear();
  for (std::size_t i = 0; i < domain::required_labels_max; ++i)
    settings.required_labels["l" + std::to_string(i)];
  CHECK(fault_of(settings).empty());
  settings.required_labels["more"];
  CHECK(fault_of(settings) == "requires");
}
