#pragma once

#include "stores/event_log.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace carillon::stores::testing {

/// A directory that goes with its object.
class temp_directory {
public:
  temp_directory() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("carillon-stores-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    std::filesystem::create_directories(path_);
  }
  ~temp_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temp_directory(const temp_directory&) = delete;
  temp_directory& operator=(const temp_directory&) = delete;

  std::string path() const { return path_.string(); }
  std::string url() const { return "rocksdb:" + path(); }

private:
  std::filesystem::path path_;
};

inline time_point at_second(std::int64_t s) { return time_point{std::chrono::seconds{s}}; }

template <class Id> Id numbered(std::uint64_t n) {
  Id id;
  std::memcpy(id.bytes.data(), &n, sizeof n);
  return id;
}

/// A commit with the id `n`, and one `job_added` for each number in `jobs`.
inline commit adding(std::uint64_t n, std::vector<std::uint64_t> jobs) {
  commit c;
  c.id = numbered<commit_id>(n);
  c.meta.who = "local";
  for (auto job : jobs)
    c.events.push_back(job_added{.id = numbered<job_id>(job), .task = task_id{"task"}});
  return c;
}

template <class T> T must(expected<T> result) {
  if (!result)
    FAIL(to_string(result.error().code) << ": " << result.error().message);
  return std::move(*result);
}

inline void must(expected<void> result) {
  if (!result)
    FAIL(to_string(result.error().code) << ": " << result.error().message);
}

inline outcome append_one(event_log& log, const session& who, commit c,
                          time_point now = at_second(1000)) {
  auto result = must(log.append(who, now, std::span{&c, 1}));
  REQUIRE(result.outcomes.size() == 1);
  return result.outcomes.front();
}

/// Every block after `after`.
inline std::vector<block> read_all(event_log& log, position after = 0) {
  std::vector<block> all;
  for (;;) {
    auto some = must(log.read(after, 64 << 10));
    if (some.empty())
      return all;
    for (auto& b : some) {
      after = b.first + b.count - 1;
      all.push_back(std::move(b));
    }
  }
}

} // namespace carillon::stores::testing
