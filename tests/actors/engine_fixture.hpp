#pragma once

#include "carillon/scheduler.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

/// A whole engine with its threads, on a clock that the test moves.
namespace carillon::test {

/// Longest wait for something that must come; only a failing test waits this long.
inline constexpr std::chrono::seconds patience{60};

template <class T> T must(expected<T> result) {
  if (!result)
    FAIL(to_string(result.error().code) << ": " << result.error().message);
  return std::move(*result);
}
inline void must(expected<void> result) {
  if (!result)
    FAIL(to_string(result.error().code) << ": " << result.error().message);
}

/// A node on a log that it shares with others, on the real clock.
inline scheduler_options shared_log_options(const std::string& log, const std::string& node) {
  scheduler_options options;
  options.log = log;
  options.node = node;
  options.default_zone = "UTC";
  options.cleanup_interval.reset();
  options.supervisor = CARILLON_SUPERVISOR;
  return options;
}

/// The code that a command or question was refused with.
template <class T> std::string refusal(const expected<T>& result) {
  return result ? "accepted" : std::string{to_string(result.error().code)};
}

/// Everything that happens, as a subscriber hears of it.
class listener {
public:
  explicit listener(scheduler& engine)
      : token_{engine.subscribe(
            {}, [this](const recorded_event& e) { hear(e); }, 0)} {}

  /// The first `count` events named `type`; fails when they do not come.
  std::vector<recorded_event> wait(std::string_view type, std::size_t count = 1) {
    std::unique_lock hold{mutex_};
    std::vector<recorded_event> found;
    const bool came = changed_.wait_for(hold, patience, [&] {
      found.clear();
      for (const auto& e : heard_)
        if (found.size() < count && name_of(e.what) == type)
          found.push_back(e);
      return found.size() == count;
    });
    if (!came)
      FAIL(count << " events " << type << " did not come, " << found.size() << " did");
    return found;
  }

  static std::string_view name_of(const event& e) {
    return std::visit([](const auto& what) { return what.name; }, e);
  }

private:
  void hear(const recorded_event& e) {
    {
      const std::lock_guard hold{mutex_};
      heard_.push_back(e);
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<recorded_event> heard_;
  subscription token_; ///< Last: it ends first.
};

/// Something that a handler waits for and the test opens. Copies are the same gate.
class gate {
public:
  void open() const { opened_->set_value(); }
  void wait() const { seen_.wait(); }

private:
  std::shared_ptr<std::promise<void>> opened_ = std::make_shared<std::promise<void>>();
  std::shared_future<void> seen_ = opened_->get_future().share();
};

/// Options of an engine on `clock` that keeps house only when asked.
inline scheduler_options on(const clock& time, std::string log = "memory:") {
  scheduler_options options;
  options.log = std::move(log);
  options.node = "test";
  options.default_zone = "UTC";
  options.cleanup_interval.reset();
  options.handler_threads = 4;
  options.time = &time;
  options.supervisor = CARILLON_SUPERVISOR;
  return options;
}

/// An engine on a log in memory; started unless said otherwise.
struct engine_fixture {
  explicit engine_fixture(bool started = true) : engine{must(scheduler::open(on(clock)))} {
    if (started)
      must(engine.start());
  }

  /// A schedule `id` of task `task`, every minute from day_one + 1 min on.
  static schedule_spec every_minute(const std::string& id, const std::string& task) {
    schedule_spec spec;
    spec.id = schedule_id{id};
    spec.task = task_id{task};
    spec.trigger = every(std::chrono::minutes{1}, day_one + std::chrono::minutes{1});
    return spec;
  }

  /// All that stands in the log.
  std::vector<recorded_event> log() { return must(engine.events(0, 10'000)); }

  /// How often `type` stands in the log.
  std::size_t count(std::string_view type) {
    std::size_t found = 0;
    for (const auto& e : log())
      found += listener::name_of(e.what) == type;
    return found;
  }

  fake_clock clock;
  scheduler engine;
};

} // namespace carillon::test
