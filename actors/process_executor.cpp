#include "actors/executors.hpp"
#include "runs/process_runner.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <pthread.h>
#include <thread>

namespace carillon::actors {
namespace {

std::int64_t unix_ms(time_point t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

value text_or_null(const std::string& text) { return text.empty() ? value{nullptr} : value{text}; }

/// The JSON document on a command's standard input (contract, "A process run").
std::string document(const domain::job_state& job, const arguments& args) {
  value::object out;
  out["job"] = to_string(job.id);
  out["schedule"] = text_or_null(job.schedule.value);
  out["task"] = job.task.value;
  out["args"] = args.args;
  out["kwargs"] = args.kwargs;
  out["scheduled_fire_time"] = job.fire_time ? value{to_rfc3339(*job.fire_time)} : value{nullptr};
  out["attempt"] = static_cast<std::int64_t>(job.attempts);
  out["fence"] = static_cast<std::int64_t>(job.fence);
  return to_json(value{std::move(out)});
}

runs::run_spec to_spec(const run_request& run, const arguments& args, const node_context& node) {
  const auto& settings = run.task->settings;
  runs::run_spec spec;
  spec.job = run.job.id;
  spec.fence = run.job.fence;
  spec.attempt = run.job.attempts;
  spec.task = run.job.task.value;
  spec.schedule = run.job.schedule.value;
  spec.node = node.node.value;
  if (run.job.fire_time)
    spec.due_ms = unix_ms(*run.job.fire_time);
  spec.argv = settings.argv;
  for (const auto& argument : args.args) {
    const auto* text = argument.get_if<std::string>();
    spec.argv.push_back(text != nullptr ? *text : to_json(argument));
  }
  spec.env = settings.env;
  spec.cwd = settings.cwd;
  spec.stdin_json = settings.stdin_text.empty() ? document(run.job, args) : settings.stdin_text;
  spec.timeout = settings.timeout;
  spec.kill_grace = node.options.kill_grace;
  spec.lease = node.lease_file;
  spec.disconnect_grace = disconnect_grace_of(settings);
  return spec;
}

domain::run_report to_report(runs::run_outcome outcome) {
  domain::run_report report{.id = outcome.job, .fence = outcome.fence};
  report.started_at = outcome.started_at;
  report.finished_at = outcome.finished_at;
  report.output.text = std::move(outcome.output);
  if (outcome.return_value)
    report.result.text = std::move(*outcome.return_value);
  const auto fail = [&](job_outcome what, std::string type) {
    report.outcome = what;
    report.error = error_info{std::move(type), outcome.error, outcome.exit_code};
  };
  switch (outcome.ending) {
  case runs::run_ending::exited:
    if (outcome.exit_code != 0)
      fail(job_outcome::error, "exit");
    break;
  case runs::run_ending::signalled: fail(job_outcome::error, "signal"); break;
  case runs::run_ending::timed_out: fail(job_outcome::timed_out, "timeout"); break;
  case runs::run_ending::cancelled: fail(job_outcome::cancelled, "cancelled"); break;
  case runs::run_ending::not_started:
    report.started_at.reset();
    fail(job_outcome::error, "not_started");
    break;
  case runs::run_ending::lost:
  case runs::run_ending::lease_lost: report.outcome = job_outcome::abandoned; break;
  }
  return report;
}

/// Hands runs to their supervisors on a thread of its own: a spawn takes about a millisecond, too
/// long for an actor.
class process_executor final : public executor {
public:
  process_executor(node_context_ptr node, std::shared_ptr<stores::event_log> log, report_sink sink)
      : node_{std::move(node)}, log_{std::move(log)}, sink_{std::move(sink)} {}

  ~process_executor() override {
    {
      const std::lock_guard hold{mutex_};
      ending_ = true;
    }
    work_.notify_all();
    if (thread_.joinable())
      thread_.join();
  }

  expected<void> open(const std::filesystem::path& directory) {
    auto runner = runs::process_runner::open(
        {.directory = directory, .supervisor = node_->options.supervisor},
        [this](runs::run_outcome outcome) { sink_(to_report(std::move(outcome))); });
    if (!runner)
      return unexpected<error>{std::move(runner).error()};
    runner_ = std::move(*runner);
    thread_ = std::thread{[this] { work(); }};
    pthread_setname_np(thread_.native_handle(), "carillon-spawn");
    return {};
  }

  bool can_run(const task_id&) const override { return true; }
  bool outlives_process() const override { return true; }

  void start(std::vector<run_request> runs) override {
    {
      const std::lock_guard hold{mutex_};
      std::move(runs.begin(), runs.end(), std::back_inserter(waiting_));
    }
    work_.notify_one();
  }

  void cancel(const job_id& id, position fence, duration grace) override {
    {
      const std::lock_guard hold{mutex_};
      const auto queued = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& run) {
        return run.job.id == id && run.job.fence == fence;
      });
      if (queued != waiting_.end()) {
        waiting_.erase(queued);
        sink_({.id = id, .fence = fence, .outcome = job_outcome::cancelled});
        return;
      }
    }
    runner_->cancel(id, fence, grace);
  }

  void settled(const job_id& id, position fence) override { runner_->forget(id, fence); }

  std::vector<std::pair<job_id, position>> take_back() override {
    const std::lock_guard hold{mutex_};
    std::vector<std::pair<job_id, position>> out;
    for (const auto& run : waiting_)
      out.emplace_back(run.job.id, run.job.fence);
    waiting_.clear();
    return out;
  }

  std::size_t running() const override { return runner_->alive(); }

  std::vector<std::pair<job_id, position>> adopt() override {
    std::vector<std::pair<job_id, position>> out;
    for (const auto& run : runner_->adopt())
      out.emplace_back(run.job, run.fence);
    return out;
  }

private:
  void work() {
    std::unique_lock hold{mutex_};
    for (;;) {
      work_.wait(hold, [this] { return ending_ || !waiting_.empty(); });
      if (ending_)
        return; // what was not spawned has no run directory: the next start finds it lost
      const auto run = std::move(waiting_.front());
      waiting_.pop_front();
      hold.unlock();
      spawn(run);
      hold.lock();
    }
  }

  void spawn(const run_request& run) {
    if (!node_->holds_lease())
      return sink_({.id = run.job.id, .fence = run.job.fence, .outcome = job_outcome::abandoned});
    const auto give_up = [&](const error& why) {
      sink_({.id = run.job.id,
             .fence = run.job.fence,
             .outcome = job_outcome::error,
             .error = error_info{"not_started", why.message}});
    };
    auto text = run.job.args.blob ? log_->get_blob(*run.job.args.blob)
                                  : expected<std::string>{run.job.args.text};
    if (!text)
      return give_up(text.error());
    const auto args = to_arguments(*text);
    if (!args)
      return give_up(args.error());
    if (auto started = runner_->start(to_spec(run, *args, *node_)); !started)
      give_up(started.error());
  }

  node_context_ptr node_;
  std::shared_ptr<stores::event_log> log_;
  report_sink sink_;
  std::unique_ptr<runs::process_runner> runner_;
  std::mutex mutex_;
  std::condition_variable work_;
  bool ending_ = false;
  std::deque<run_request> waiting_;
  std::thread thread_;
};

} // namespace

expected<std::shared_ptr<executor>> make_process_executor(node_context_ptr node,
                                                          std::shared_ptr<stores::event_log> log,
                                                          const std::filesystem::path& directory,
                                                          report_sink sink) {
  auto made = std::make_shared<process_executor>(std::move(node), std::move(log), std::move(sink));
  if (auto opened = made->open(directory); !opened)
    return unexpected<error>{std::move(opened).error()};
  return std::shared_ptr<executor>{std::move(made)};
}

} // namespace carillon::actors
