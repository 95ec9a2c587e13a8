#pragma once

#include "runs/process_runner.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace carillon::runs::test {

using namespace std::chrono_literals;

/// A directory that is removed at the end.
struct temporary_directory {
  std::filesystem::path path;
  temporary_directory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "carillon-runs-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~temporary_directory() { std::filesystem::remove_all(path); }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
};

/// Collects outcomes and waits for them.
class outcome_box {
public:
  process_runner::on_done sink() {
    return [this](run_outcome outcome) {
      std::lock_guard lock{mutex_};
      outcomes_.push_back(std::move(outcome));
      came_.notify_all();
    };
  }
  /// The first `count` outcomes; fewer if they do not come within 20 s.
  std::vector<run_outcome> wait(std::size_t count) {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, 20s, [&] { return outcomes_.size() >= count; });
    return outcomes_;
  }

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<run_outcome> outcomes_;
};

inline job_id job(std::uint8_t number) {
  job_id id;
  id.bytes[0] = 0xab;
  id.bytes[15] = number;
  return id;
}

inline run_spec spec_of(std::uint8_t number, std::vector<std::string> argv) {
  run_spec spec{.job = job(number), .fence = 7, .task = "report", .node = "here", .argv = {}};
  spec.argv = std::move(argv);
  return spec;
}

inline run_spec shell(std::uint8_t number, std::string script) {
  return spec_of(number, {"/bin/sh", "-c", std::move(script)});
}

/// Polls until `holds`, at most 10 s.
inline bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000; ++i) {
    if (holds())
      return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::unique_ptr<process_runner> open_runner(const std::filesystem::path& directory,
                                                   outcome_box& box) {
  auto runner = process_runner::open({directory, CARILLON_SUPERVISOR_PATH}, box.sink());
  REQUIRE(runner);
  return std::move(*runner);
}

/// Runs one spec to its end.
inline run_outcome run_once(const run_spec& spec) {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  REQUIRE(runner->start(spec));
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  return outcomes.front();
}

} // namespace carillon::runs::test
