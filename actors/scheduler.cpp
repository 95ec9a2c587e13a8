#include "actors/engine.hpp"

#include "events/trigger_json.hpp"

#include <utility>

/// The facade: life and commands. What can be seen is in queries.cpp.
namespace carillon {

expected<scheduler> scheduler::open(scheduler_options options) {
  auto engine = implementation::open(std::move(options), nullptr);
  if (!engine)
    return unexpected<error>{std::move(engine).error()};
  return scheduler{std::move(*engine)};
}

scheduler::scheduler(std::unique_ptr<implementation> self) : self_{std::move(self)} {}
scheduler::scheduler(scheduler&&) noexcept = default;
scheduler& scheduler::operator=(scheduler&&) noexcept = default;
scheduler::~scheduler() = default;

expected<void> scheduler::start() { return self_->start(); }
void scheduler::stop(duration drain) { self_->stop(drain); }
void scheduler::wait_until_stopped() { self_->wait_until_stopped(); }
scheduler_state scheduler::state() const { return self_->state(); }
expected<void> scheduler::ready() const { return self_->ready(); }

const scheduler_options& scheduler::options() const { return self_->node().options; }
expected<position> scheduler::raise_level(std::uint32_t level, request_info info) {
  if (info.meta.who.empty())
    info.meta.who = "local";
  return self_->raise_level(level, info.meta);
}
expected<position> scheduler::take_snapshot() { return self_->store_snapshot_now(); }

expected<void> scheduler::register_task(const task_id& id, task_handler handler,
                                        task_options options) {
  auto& node = self_->node();
  if (auto named = check_name(id.value, "task"); !named)
    return named;
  const auto taken = [&] {
    return refuse(errc::conflict, "task '" + id.value + "' is registered in this process already",
                  "task");
  };
  if (node.handlers.find(id) != nullptr)
    return taken();
  auto configured =
      ask(configure_task{id, std::move(options)}, {.meta = {.who = "local", .from = "api"}});
  if (!configured)
    return unexpected<error>{std::move(configured).error()};
  if (!node.handlers.add(id, std::move(handler)))
    return taken();
  caf::anon_send(self_->peers().dispatch, actors::capability_added{id});
  self_->announce();
  return {};
}

void scheduler::ask_async(command c, request_info info,
                          std::function<void(expected<answer>)> done) {
  if (info.meta.who.empty())
    info.meta.who = "local";
  self_->ask_async(std::move(c), std::move(info), std::move(done));
}

std::future<expected<answer>> scheduler::ask_future(command c, request_info info) {
  auto promise = std::make_shared<std::promise<expected<answer>>>();
  auto future = promise->get_future();
  ask_async(std::move(c), std::move(info),
            [promise](expected<answer> a) { promise->set_value(std::move(a)); });
  return future;
}

expected<answer> scheduler::ask(command c, request_info info) {
  auto future = ask_future(std::move(c), std::move(info));
  try {
    return future.get();
  } catch (const std::future_error&) { // the engine went away with the command
    return refuse(errc::unavailable, "the scheduler is stopped");
  }
}

expected<job_id> scheduler::add_job(job_spec job, request_info info) {
  auto added = ask(add_jobs{{std::move(job)}}, std::move(info));
  if (!added)
    return unexpected<error>{std::move(added).error()};
  return added->jobs.front();
}

namespace {

/// The value of a job that has ended, or its ending as an error (JOB-04).
expected<value> value_of(job_result result) {
  const auto message = result.error ? result.error->message : std::string{};
  switch (result.outcome) {
  case job_outcome::success: return std::move(result.return_value).value_or(value{});
  case job_outcome::error: return refuse(errc::failed, message);
  case job_outcome::missed: return refuse(errc::missed, "the job passed its start deadline");
  case job_outcome::cancelled: return refuse(errc::cancelled, "the job was cancelled");
  case job_outcome::abandoned:
  case job_outcome::discarded: return refuse(errc::abandoned, "the job lost its lease");
  case job_outcome::timed_out: return refuse(errc::timed_out, message);
  }
  return refuse(errc::internal, "unknown outcome");
}

} // namespace

expected<value> scheduler::run_job(job_spec job, duration wait) {
  if (job.result_expiration == duration::zero())
    job.result_expiration = std::chrono::minutes{15};
  const auto id = add_job(std::move(job));
  if (!id)
    return unexpected<error>{id.error()};
  auto ended = result(*id, wait);
  if (!ended)
    return unexpected<error>{std::move(ended).error()};
  return value_of(std::move(*ended));
}

expected<trigger_spec> scheduler::from_crontab(std::string_view expression, std::string zone) {
  auto spec = events::trigger_from_json(to_json(value{value::object{
      {"kind", "cron"}, {"spec", value::object{{"crontab", std::string{expression}}}}}}));
  if (spec)
    spec->timezone = std::move(zone);
  return spec;
}

} // namespace carillon
