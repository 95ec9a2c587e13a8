#include "tools/settings.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace carillon;
using namespace carillon::tools;

namespace {

expected<setting_values> read_text(const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("carillon_settings_" + std::to_string(::getpid()) + ".toml");
  std::ofstream{path} << text;
  auto out = settings_of_file(path.string());
  std::filesystem::remove(path);
  return out;
}

} // namespace

TEST_CASE("settings: a file holds texts, numbers and switches") {
  const auto values =
      read_text("listen = \"127.0.0.1:0\"\nmax-concurrent-jobs = 7\nno-auth = true\n");
  REQUIRE(values);
  const auto options = to_options(*values, "/data");
  REQUIRE(options);
  CHECK(options->http.listen == "127.0.0.1:0");
  CHECK(options->engine.max_concurrent_jobs == 7);
  CHECK(options->http.no_auth);
  CHECK(options->engine.log == "rocksdb:/data/log");
  CHECK(options->http.token_file == "/data/token");
}

TEST_CASE("settings: an unknown key is an error with line, column and suggestion") {
  const auto refused = read_text("# x\nmax-concurent-jobs = 7\n");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find(":2:") != std::string::npos);
  CHECK(refused.error().message.find("did you mean 'max-concurrent-jobs'?") != std::string::npos);
  CHECK_FALSE(read_text("[table]\n"));
  CHECK_FALSE(read_text("listen = \n"));
  CHECK_FALSE(read_text("listen = [1]\n"));
}

TEST_CASE("settings: every mistake names its setting") {
  for (const auto& [name, text] : setting_values{{"max-concurrent-jobs", "many"},
                                                 {"cleanup-interval", "-1s"},
                                                 {"role", "boss"},
                                                 {"node", "a b"},
                                                 {"no-auth", "perhaps"},
                                                 {"snapshot-every", "1.5"}}) {
    const auto refused = to_options({{name, text}}, "/data");
    INFO(name);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK(refused.error().field == name);
  }
}

TEST_CASE("settings: a node of a cluster keeps what is its own in the data directory") {
  const auto options = to_options({{"log", "postgres://db.example/carillon"},
                                   {"broker", "mqtts://broker.example"},
                                   {"session-ttl", "20s"},
                                   {"publish-events", "true"},
                                   {"event-types", "job_added,job_finished"},
                                   {"labels", "zone=eu,gpu"}},
                                  "/data");
  REQUIRE(options);
  const auto& engine = options->engine;
  CHECK(engine.log == "postgres://db.example/carillon");
  CHECK(engine.data_directory == "/data/node");
  CHECK(engine.session_ttl == std::chrono::seconds{20});
  CHECK(engine.broker.url == "mqtts://broker.example");
  CHECK(engine.broker.publish_events);
  CHECK(engine.broker.event_types == std::vector<std::string>{"job_added", "job_finished"});
  CHECK(engine.labels == std::vector<std::string>{"zone=eu", "gpu"});
}

TEST_CASE("settings: flags win over the environment, which wins over the file") {
  ::setenv("CARILLON_MAX_CONCURRENT_JOBS", "5", 1);
  const auto environment = settings_of_environment();
  ::unsetenv("CARILLON_MAX_CONCURRENT_JOBS");
  CHECK(environment.at("max-concurrent-jobs") == "5");
  const setting_values file{{"max-concurrent-jobs", "1"}, {"role", "worker"}};
  const auto under = merge_settings(file, environment);
  CHECK(under.at("max-concurrent-jobs") == "5");
  CHECK(under.at("role") == "worker");
  CHECK(merge_settings(under, {{"max-concurrent-jobs", "9"}}).at("max-concurrent-jobs") == "9");
}

TEST_CASE("settings: 0 turns clean-up off") {
  CHECK(to_options({{"cleanup-interval", "0"}}, "/d")->engine.cleanup_interval == duration{});
}
