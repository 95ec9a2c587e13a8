#include "actors/actor_executor.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/exit_reason.hpp>
#include <caf/replies_to.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <shared_mutex>
#include <unordered_map>

namespace carillon::actors {

/// Ask `to` for one attempt.
struct ask_actor {
  std::shared_ptr<const run_request> run;
  caf::actor to;
};
/// Wait for the answer no longer than `grace` from now.
struct stop_waiting {
  position fence = 0;
  duration grace{};
};
/// The grace is over.
struct grace_over {
  position fence = 0;
};

} // namespace carillon::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::ask_actor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::stop_waiting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::grace_over)

namespace carillon::actors {
namespace {

/// Asks the application's actors and turns their answers into reports.
using asking_actor = caf::typed_actor<caf::reacts_to<ask_actor>, caf::reacts_to<stop_waiting>,
                                      caf::reacts_to<grace_over>>;

struct asking_state {
  explicit asking_state(asking_actor::pointer self) : self{self} {}
  static inline const char* name = "runs";

  asking_actor::pointer self;
  node_context_ptr node;
  std::shared_ptr<stores::event_log> log;
  report_sink sink;
  std::shared_ptr<std::atomic<std::size_t>> running;
  std::unordered_map<position, domain::run_report> open; ///< By fence: reports to be.
};

/// Sends the report of a run, once; later calls for the same run are ignored.
void end(asking_state& st, position fence, job_outcome outcome, std::optional<error_info> why,
         payload result = {}) {
  const auto found = st.open.find(fence);
  if (found == st.open.end())
    return;
  auto report = std::move(found->second);
  st.open.erase(found);
  report.finished_at = st.node->now();
  report.outcome = outcome;
  report.error = std::move(why);
  report.result = std::move(result);
  st.sink(std::move(report));
  --*st.running;
}

void on_answer(asking_state& st, const run_request& run, const std::string& text) {
  if (text.empty())
    return end(st, run.job.fence, job_outcome::success, {});
  auto parsed = parse_json(text);
  if (!parsed)
    return end(st, run.job.fence, job_outcome::error,
               error_info{"invalid_argument",
                          "the actor's answer is not JSON: " + parsed.error().message});
  payload result;
  if (!parsed->is_null() && run.job.result_expiration > duration::zero())
    result.text = to_json(*parsed);
  end(st, run.job.fence, job_outcome::success, {}, std::move(result));
}

void on_error(asking_state& st, const run_request& run, const caf::error& why) {
  if (why == caf::sec::request_timeout)
    return end(st, run.job.fence, job_outcome::timed_out,
               error_info{"timeout", "no answer within " + to_string(*run.task->settings.timeout)});
  end(st, run.job.fence, job_outcome::error, error_info{"actor", st.self->system().render(why)});
}

void on_ask(asking_state& st, const ask_actor& asked) {
  const auto& job = asked.run->job;
  st.open[job.fence] = {.id = job.id, .fence = job.fence, .started_at = st.node->now()};
  auto args = job.args.text;
  if (job.args.blob) {
    auto text = st.log->get_blob(*job.args.blob);
    if (!text)
      return end(st, job.fence, job_outcome::error,
                 error_info{std::string{to_string(text.error().code)}, text.error().message});
    args = std::move(*text);
  }
  if (args.empty())
    args = "{}";
  const auto& limit = asked.run->task->settings.timeout;
  auto* self = st.self;
  const auto state_of = [self]() -> asking_state& {
    return static_cast<asking_actor::stateful_pointer<asking_state>>(self)->state;
  };
  self->request(asked.to, limit ? caf::duration{*limit} : caf::duration{caf::infinite},
                to_string(job.id), job.attempts, job.fence, std::move(args))
      .then(
          [state_of, run = asked.run](const std::string& text) {
            on_answer(state_of(), *run, text);
          },
          [state_of, run = asked.run](const caf::error& why) { on_error(state_of(), *run, why); });
}

asking_actor::behavior_type asking_behavior(asking_actor::stateful_pointer<asking_state> self,
                                            node_context_ptr node,
                                            std::shared_ptr<stores::event_log> log,
                                            report_sink sink,
                                            std::shared_ptr<std::atomic<std::size_t>> running) {
  self->state.node = std::move(node);
  self->state.log = std::move(log);
  self->state.sink = std::move(sink);
  self->state.running = std::move(running);
  return {
      [self](const ask_actor& asked) { on_ask(self->state, asked); },
      [self](const stop_waiting& stop) {
        self->delayed_send(self, stop.grace, grace_over{stop.fence});
      },
      [self](const grace_over& over) {
        end(self->state, over.fence, job_outcome::cancelled,
            error_info{"cancelled", "the actor has not answered"});
      },
  };
}

class asking_executor final : public actor_executor {
public:
  asking_executor(caf::actor_system& system, node_context_ptr node,
                  std::shared_ptr<stores::event_log> log, report_sink sink)
      : system_{system}, asking_{system.spawn(asking_behavior, std::move(node), std::move(log),
                                              std::move(sink), running_)} {}

  ~asking_executor() override {
    caf::scoped_actor self{system_};
    self->send_exit(asking_, caf::exit_reason::user_shutdown);
    self->wait_for(asking_);
  }

  bool add(const task_id& task, caf::actor handler) override {
    const std::unique_lock hold{mutex_};
    return handlers_.try_emplace(task, std::move(handler)).second;
  }

  bool can_run(const task_id& task) const override {
    const std::shared_lock hold{mutex_};
    return handlers_.contains(task);
  }

  std::vector<task_id> tasks() const override {
    const std::shared_lock hold{mutex_};
    std::vector<task_id> out;
    for (const auto& [task, handler] : handlers_)
      out.push_back(task);
    return out;
  }

  void start(std::vector<run_request> runs) override {
    *running_ += runs.size();
    const std::shared_lock hold{mutex_};
    for (auto& run : runs) {
      auto to = handlers_.at(run.job.task);
      caf::anon_send(asking_,
                     ask_actor{std::make_shared<const run_request>(std::move(run)), std::move(to)});
    }
  }

  void cancel(const job_id&, position fence, duration grace) override {
    caf::anon_send(asking_, stop_waiting{fence, grace});
  }

  std::size_t running() const override { return *running_; }

private:
  caf::actor_system& system_;
  std::shared_ptr<std::atomic<std::size_t>> running_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  mutable std::shared_mutex mutex_;
  std::unordered_map<task_id, caf::actor> handlers_;
  asking_actor asking_;
};

} // namespace

std::shared_ptr<actor_executor> make_actor_executor(caf::actor_system& system,
                                                    node_context_ptr node,
                                                    std::shared_ptr<stores::event_log> log,
                                                    report_sink sink) {
  return std::make_shared<asking_executor>(system, std::move(node), std::move(log),
                                           std::move(sink));
}

} // namespace carillon::actors
