// What listeners outside hear at the broker of several engines on one log: each record once, from
// the node that wrote it.

#include "cluster/mqtt_fixture.hpp"
#include "engine_fixture.hpp"
#include "tests/support/postgres_server.hpp"

#include <map>
#include <set>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

const task_id work{"work"};

scheduler started(const std::string& log, const std::string& name, const std::string& broker) {
  auto options = shared_log_options(log, name);
  options.broker = {.url = broker, .cluster = "outside", .publish_events = true};
  auto engine = must(scheduler::open(std::move(options)));
  must(engine.register_task(work, [](const job_context&) -> task_result { return value{}; },
                            {.max_running_jobs = std::optional<std::uint32_t>{}}));
  must(engine.start());
  return engine;
}

std::string property(const cluster::message& m, std::string_view name) {
  for (const auto& [key, text] : m.properties)
    if (key == name)
      return text;
  return {};
}

/// Who told of each record, by its position; "twice" when more than one message did.
std::map<std::string, std::string> heard_of(mqtt_witness& listener) {
  std::map<std::string, std::string> out;
  for (const auto& m : listener.messages())
    if (const auto [at, is_new] = out.emplace(property(m, "id"), property(m, "source")); !is_new)
      at->second = "twice";
  return out;
}

} // namespace

TEST_CASE("outside events: each record is told once, by the node that wrote it") {
  REQUIRE(mosquitto_broker::is_installed());
  mosquitto_broker broker;
  REQUIRE(broker.start());
  mqtt_witness listener{options_for(broker.url(), "listener")};
  listener->subscribe("carillon/v1/outside/events/job/#");
  REQUIRE(listener.wait_connected());

  const auto log = carillon::testing::fresh_postgres_log();
  auto a = started(log, "a", broker.url());
  auto b = started(log, "b", broker.url());
  std::map<std::string, std::string> expected;
  for (int round = 0; round < 20; ++round) {
    add_jobs call;
    call.jobs.resize(50, job_spec{.task = work});
    auto& by = round % 2 == 0 ? a : b;
    for (const auto& id : must(by.ask(std::move(call))).jobs)
      must(by.result(id, patience));
  }
  const auto end = b.status().at;
  must(a.wait_for(end, patience));
  for (position at = 0; at < end;)
    for (const auto& e : must(a.events(at, 1000))) {
      at = e.at;
      if (std::visit([](const auto& what) { return what.category; }, e.what) ==
          stream_category::job)
        expected[std::to_string(e.at)] = "/carillon/outside/" + e.node.value;
    }
  CHECK(expected.size() >= 3'000);
  REQUIRE(listener.wait_messages(expected.size()));
  auto heard = heard_of(listener);
  for (const auto& [at, source] : expected) {
    INFO(at);
    CHECK(heard[at] == source);
  }
}
