#include "actors/executors.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <pthread.h>
#include <queue>
#include <thread>
#include <unordered_map>

namespace carillon::actors {
namespace {

constexpr std::uint32_t threads_per_core = 4;
constexpr std::uint32_t threads_default_max = 40;

std::uint32_t thread_count(const scheduler_options& options) {
  if (options.handler_threads != 0)
    return options.handler_threads;
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  return std::min(threads_default_max, threads_per_core * cores);
}

/// What a handler sees of its run.
class thread_context final : public job_context {
public:
  thread_context(const run_request& run, std::stop_token stop, arguments args)
      : run_{run}, stop_{std::move(stop)}, args_{std::move(args)} {}

  const job_id& id() const override { return run_.job.id; }
  const task_id& task() const override { return run_.job.task; }
  const schedule_id& schedule() const override { return run_.job.schedule; }
  std::optional<time_point> scheduled_fire_time() const override { return run_.job.fire_time; }
  std::uint32_t attempt() const override { return run_.job.attempts; }
  position fencing_token() const override { return run_.job.fence; }
  std::stop_token stop() const override { return stop_; }
  const arguments& args() const override { return args_; }

private:
  const run_request& run_;
  std::stop_token stop_;
  arguments args_;
};

/// A run that has begun: how to stop it, and why it was.
struct live_run {
  std::stop_source stop;
  bool timed_out = false;
  bool lease_lost = false;
};

class thread_executor final : public executor {
public:
  thread_executor(node_context_ptr node, std::shared_ptr<stores::event_log> log, report_sink sink)
      : node_{std::move(node)}, log_{std::move(log)}, sink_{std::move(sink)} {
    const auto count = thread_count(node_->options);
    threads_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      threads_.emplace_back([this] { work(); });
      pthread_setname_np(threads_.back().native_handle(), "carillon-run");
    }
    watchdog_ = std::thread{[this] { watch_deadlines(); }};
    pthread_setname_np(watchdog_.native_handle(), "carillon-limit");
  }

  ~thread_executor() override {
    {
      const std::lock_guard hold{mutex_};
      ending_ = true;
      waiting_.clear();
      for (auto& [fence, run] : live_)
        run->stop.request_stop();
    }
    work_.notify_all();
    deadline_.notify_all();
    for (auto& thread : threads_)
      thread.join();
    watchdog_.join();
  }

  bool can_run(const task_id& task) const override { return node_->handlers.find(task) != nullptr; }
  std::vector<task_id> tasks() const override { return node_->handlers.tasks(); }

  void start(std::vector<run_request> runs) override {
    const auto count = runs.size();
    {
      const std::lock_guard hold{mutex_};
      std::move(runs.begin(), runs.end(), std::back_inserter(waiting_));
    }
    for (std::size_t i = 0; i < std::min(count, threads_.size()); ++i)
      work_.notify_one();
  }

  void cancel(const job_id& id, position fence, duration) override {
    std::optional<run_request> unstarted;
    {
      const std::lock_guard hold{mutex_};
      if (const auto found = live_.find(fence); found != live_.end())
        found->second->stop.request_stop();
      const auto queued = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& run) {
        return run.job.id == id && run.job.fence == fence;
      });
      if (queued != waiting_.end()) {
        unstarted = std::move(*queued);
        waiting_.erase(queued);
      }
    }
    if (unstarted)
      sink_({.id = id, .fence = fence, .outcome = job_outcome::cancelled});
  }

  void stop_all(stop_reason why) override {
    const std::lock_guard hold{mutex_};
    for (auto& [fence, run] : live_) {
      run->lease_lost |= why == stop_reason::lease_lost;
      run->stop.request_stop();
    }
  }

  std::vector<std::pair<job_id, position>> take_back() override {
    const std::lock_guard hold{mutex_};
    std::vector<std::pair<job_id, position>> out;
    for (const auto& run : waiting_)
      out.emplace_back(run.job.id, run.job.fence);
    waiting_.clear();
    return out;
  }

  std::size_t running() const override {
    const std::lock_guard hold{mutex_};
    return live_.size() + waiting_.size();
  }

private:
  using deadline = std::pair<std::chrono::steady_clock::time_point, position>;

  void work() {
    std::unique_lock hold{mutex_};
    for (;;) {
      work_.wait(hold, [this] { return ending_ || !waiting_.empty(); });
      if (ending_)
        return;
      auto run = std::move(waiting_.front());
      waiting_.pop_front();
      if (!node_->holds_lease()) {
        sink_({.id = run.job.id, .fence = run.job.fence, .outcome = job_outcome::abandoned});
        continue;
      }
      auto live = std::make_shared<live_run>();
      live_.emplace(run.job.fence, live);
      if (run.task->settings.timeout) {
        deadlines_.emplace(std::chrono::steady_clock::now() + *run.task->settings.timeout,
                           run.job.fence);
        deadline_.notify_one();
      }
      hold.unlock();
      auto report = attempt(run, live->stop.get_token());
      hold.lock();
      const bool timed_out = live->timed_out;
      const bool lease_lost = live->lease_lost;
      hold.unlock();
      if (timed_out && report.outcome != job_outcome::success) {
        report.outcome = job_outcome::timed_out;
        report.error =
            error_info{"timeout", "stopped after " + to_string(*run.task->settings.timeout)};
      }
      if (lease_lost && report.outcome != job_outcome::success)
        report = {.id = run.job.id, .fence = run.job.fence, .outcome = job_outcome::abandoned};
      sink_(std::move(report));
      hold.lock();
      live_.erase(run.job.fence); // last: whoever finds nothing running finds the report out
    }
  }

  void watch_deadlines() {
    std::unique_lock hold{mutex_};
    while (!ending_) {
      if (deadlines_.empty()) {
        deadline_.wait(hold);
        continue;
      }
      const auto [when, fence] = deadlines_.top();
      if (std::chrono::steady_clock::now() < when) {
        deadline_.wait_until(hold, when);
        continue;
      }
      deadlines_.pop();
      if (const auto found = live_.find(fence); found != live_.end()) {
        found->second->timed_out = true;
        found->second->stop.request_stop();
      }
    }
  }

  expected<arguments> arguments_of(const payload& p) const {
    if (!p.blob)
      return to_arguments(p.text);
    auto text = log_->get_blob(*p.blob);
    if (!text)
      return unexpected<error>{std::move(text).error()};
    return to_arguments(*text);
  }

  task_result call(const run_request& run, const std::stop_token& stop) const {
    const auto handler = node_->handlers.find(run.job.task);
    if (handler == nullptr)
      return refuse(errc::unsupported, "no handler is registered for this task");
    auto args = arguments_of(run.job.args);
    if (!args)
      return unexpected<error>{std::move(args).error()};
    try {
      return (*handler)(thread_context{run, stop, std::move(*args)});
    } catch (const std::exception& failure) {
      return refuse(errc::failed, failure.what());
    } catch (...) {
      return refuse(errc::failed, "an exception that is not a std::exception");
    }
  }

  domain::run_report attempt(const run_request& run, const std::stop_token& stop) const {
    domain::run_report report{.id = run.job.id, .fence = run.job.fence, .started_at = node_->now()};
    auto result = call(run, stop);
    report.finished_at = node_->now();
    if (!result) {
      report.outcome = job_outcome::error;
      report.error =
          error_info{std::string{to_string(result.error().code)}, result.error().message};
    } else if (!result->is_null() && run.job.result_expiration > duration::zero()) {
      report.result.text = to_json(*result);
    }
    return report;
  }

  node_context_ptr node_;
  std::shared_ptr<stores::event_log> log_;
  report_sink sink_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable deadline_;
  bool ending_ = false;
  std::deque<run_request> waiting_;
  std::unordered_map<position, std::shared_ptr<live_run>> live_; ///< By fence: unique in the log.
  std::priority_queue<deadline, std::vector<deadline>, std::greater<>> deadlines_;
  std::vector<std::thread> threads_;
  std::thread watchdog_;
};

} // namespace

const std::string& executor_name(const domain::job_state& job, const domain::task_state& task) {
  return job.executor.empty() ? task.settings.executor : job.executor;
}

std::shared_ptr<executor> make_thread_executor(node_context_ptr node,
                                               std::shared_ptr<stores::event_log> log,
                                               report_sink sink) {
  return std::make_shared<thread_executor>(std::move(node), std::move(log), std::move(sink));
}

} // namespace carillon::actors
