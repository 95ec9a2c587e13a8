#include "domain/job_aggregate.hpp"

#include "support/given_when_then.hpp"

using namespace carillon;
using namespace carillon::test;
using domain::job_state;
using domain::run_report;

namespace {

const task_id mail{"mail"};
const job_id job = job_number(1);

scenario<job_state> given(const std::vector<event>& history) {
  return scenario<job_state>{history};
}

job_added added(std::optional<time_point> deadline = {}, duration keep = {}) {
  return {.id = job, .task = mail, .deadline = deadline, .result_expiration = keep};
}

job_acquired acquired() { return {.id = job, .node = node_id{"n1"}}; }

job_finished finished(job_outcome outcome, position fence = 0) {
  return {.id = job, .task = mail, .fence = fence, .outcome = outcome};
}

/// Rules that are not commands of users, as steps of a scenario.
auto finish(run_report report) {
  return [report](const job_state* s, const domain::decision_context&) {
    return domain::finish(s, report);
  };
}
auto lose(position fence, lease_lost_policy policy = lease_lost_policy::retry) {
  return [=](const job_state* s, const domain::decision_context&) {
    return domain::lose_lease(*s, fence, policy);
  };
}
auto release(position fence) {
  return [=](const job_state* s, const domain::decision_context&) {
    return domain::release(*s, fence);
  };
}
const auto acquire = [](const job_state* s, const domain::decision_context& ctx) {
  return domain::acquire(domain::waiting(*s), ctx);
};

job_spec spec(std::uint64_t n) { return {.id = job_number(n), .task = mail}; }

} // namespace

TEST_CASE("job_aggregate: adding jobs queues all of them, in the order given") {
  auto s = given({});
  s.when(add_jobs{{spec(2), spec(1)}})
      .then({job_added{.id = job_number(2), .task = mail},
             job_added{.id = job_number(1), .task = mail}});
  CHECK(s.reply().jobs == std::vector{job_number(2), job_number(1)});
}

TEST_CASE("job_aggregate: an ad-hoc job keeps what its user said and gets no deadline of its own") {
  auto wish = spec(1);
  wish.run_at = day_one + 5s;
  wish.deadline = day_one + 9s;
  wish.args.text = R"({"args":[1]})";
  wish.executor = "threads";
  wish.result_expiration = 60s;
  wish.meta = {{"k", "1"}};
  auto s = given({});
  s.when(add_jobs{{wish}}).then_accepted();
  const auto& state = *s.state();
  CHECK(state.run_at == wish.run_at);
  CHECK(state.deadline == wish.deadline);
  CHECK(state.args == wish.args);
  CHECK(state.executor == "threads");
  CHECK(state.result_expiration == 60s);
  CHECK(state.meta == wish.meta);
  CHECK(state.status == job_status::queued);
  CHECK(state.created_at == day_one);
  CHECK(state.added_at == 1);
  given({}).when(add_jobs{{spec(1)}}).then({added()});
}

TEST_CASE("job_aggregate: one bad job refuses all and is named") {
  auto bad = spec(2);
  bad.task = task_id{""};
  given({}).when(add_jobs{{bad}}).refused(errc::invalid_argument, "task");
  given({}).when(add_jobs{{spec(1), bad}}).refused(errc::invalid_argument, "jobs[1].task");
  bad = spec(2);
  bad.result_expiration = -1s;
  given({}).when(add_jobs{{bad}}).refused(errc::invalid_argument, "result_expiration_time");
  bad = spec(2);
  bad.run_at = day_one + 1s;
  bad.deadline = day_one;
  given({}).when(add_jobs{{bad}}).refused(errc::invalid_argument, "deadline");
  bad = spec(2);
  bad.meta = {{"a", "not json"}};
  given({}).when(add_jobs{{bad}}).refused(errc::invalid_argument, "metadata.a");
}

TEST_CASE("job_aggregate: the number of jobs is bounded and their ids differ") {
  given({}).when(add_jobs{{spec(3), spec(1), spec(3)}}).refused(errc::invalid_argument, "jobs");
  add_jobs many;
  for (std::size_t i = 0; i <= domain::jobs_per_command_max; ++i)
    many.jobs.push_back(spec(i + 1));
  given({}).when(many).refused(errc::invalid_argument, "jobs");
  many.jobs.pop_back();
  CHECK(given({}).when(many).accepted().events.size() == domain::jobs_per_command_max);
  given({}).when(add_jobs{}).nothing();
}

TEST_CASE("job_aggregate: a claim's fence is the position of its record") {
  auto s = given({added()});
  s.at(day_one + 3s).when_rule(acquire).then({acquired()});
  CHECK(s.state()->status == job_status::running);
  CHECK(s.state()->fence == 2);
  CHECK(s.state()->attempts == 1);
  CHECK(s.state()->node == node_id{"n1"});
  CHECK(s.state()->acquired_at == day_one + 3s);
}

TEST_CASE("job_aggregate: a job may start at its deadline, and is missed a microsecond later") {
  given({added(day_one)}).at(day_one).when_rule(acquire).then({acquired()});
  given({added(day_one)})
      .at(day_one + 1us)
      .when_rule(acquire)
      .then({finished(job_outcome::missed)});
}

TEST_CASE("job_aggregate: a result under the current fence ends the job") {
  run_report report{.id = job, .fence = 2, .outcome = job_outcome::error};
  report.started_at = day_one;
  report.finished_at = day_one + 1s;
  report.error = error_info{.type = "exit", .message = "exit status 3", .code = 3};
  report.output.text = "last words";
  auto wanted = finished(job_outcome::error, 2);
  wanted.started_at = report.started_at;
  wanted.finished_at = report.finished_at;
  wanted.error = report.error;
  wanted.output = report.output;
  auto s = given({added(), acquired()});
  s.when_rule(finish(report)).then({wanted});
  CHECK(s.state()->status == job_status::finished);
}

TEST_CASE("job_aggregate: a result is kept only if the job asked for it") {
  run_report report{.id = job, .fence = 2};
  report.result.text = "42";
  auto with = finished(job_outcome::success, 2);
  with.result.text = "42";
  given({added({}, 60s), acquired()}).when_rule(finish(report)).then({with});
  given({added(), acquired()}).when_rule(finish(report)).then({finished(job_outcome::success, 2)});
}

TEST_CASE("job_aggregate: a result under any other fence is refused") {
  given({added(), acquired()}).when_rule(finish({.id = job, .fence = 1})).refused(errc::lease_lost);
  given({added(), acquired(), lease_lost{job, 2}})
      .when_rule(finish({.id = job, .fence = 2}))
      .refused(errc::lease_lost);
  given({added(), acquired(), lease_lost{job, 2}, acquired()})
      .when_rule(finish({.id = job, .fence = 2}))
      .refused(errc::lease_lost);
  given({added(), acquired(), job_released{job, 2}})
      .when_rule(finish({.id = job, .fence = 0}))
      .refused(errc::lease_lost);
  given({added(), acquired(), finished(job_outcome::success, 2)})
      .when_rule(finish({.id = job, .fence = 2}))
      .refused(errc::not_found);
  given({}).when_rule(finish({.id = job, .fence = 2})).refused(errc::not_found);
}

TEST_CASE("job_aggregate: cancelling a queued job ends it") {
  auto wanted = finished(job_outcome::cancelled);
  wanted.error = error_info{.type = "cancelled", .message = "not needed"};
  given({added()}).when(cancel_job{job, "not needed"}).then({wanted});
  given({added(), acquired(), lease_lost{job, 2}})
      .when(cancel_job{job})
      .then({finished(job_outcome::cancelled)});
}

TEST_CASE("job_aggregate: cancelling a running job asks it to stop, once") {
  given({added(), acquired()})
      .when(cancel_job{job, "why"})
      .then({job_cancel_requested{job, "why"}})
      .when(cancel_job{job, "again"})
      .nothing();
}

TEST_CASE("job_aggregate: cancelling what is not live is not found") {
  given({}).when(cancel_job{job}).refused(errc::not_found, "id");
  given({added(), finished(job_outcome::cancelled)}).when(cancel_job{job}).refused(errc::not_found);
}

TEST_CASE("job_aggregate: a run that was asked to stop ends as cancelled unless it succeeded") {
  const std::vector<event> history{added(), acquired(), job_cancel_requested{job, "stop"}};
  auto wanted = finished(job_outcome::cancelled, 2);
  wanted.error = error_info{.type = "cancelled", .message = "stop"};
  given(history)
      .when_rule(finish({.id = job, .fence = 2, .outcome = job_outcome::error}))
      .then({wanted});
  given(history)
      .when_rule(finish({.id = job, .fence = 2, .outcome = job_outcome::success}))
      .then({finished(job_outcome::success, 2)});
}

TEST_CASE("job_aggregate: a lost lease leads to another attempt with a higher fence") {
  auto s = given({added(), acquired()});
  s.when_rule(lose(2)).then({lease_lost{job, 2}});
  CHECK(s.state()->status == job_status::retrying);
  CHECK(s.state()->fence == 0);
  s.when_rule(acquire).then({acquired()});
  CHECK(s.state()->fence == 4);
  CHECK(s.state()->attempts == 2);
}

TEST_CASE("job_aggregate: a retry is not missed, because the job did start in time") {
  given({added(day_one), acquired(), lease_lost{job, 2}})
      .at(day_one + 1h)
      .when_rule(acquire)
      .then({acquired()});
}

TEST_CASE("job_aggregate: a loss of another claim changes nothing") {
  given({added(), acquired()}).when_rule(lose(1)).nothing();
  given({added(), acquired(), lease_lost{job, 2}, acquired()}).when_rule(lose(2)).nothing();
  given({added(), acquired(), lease_lost{job, 2}}).when_rule(lose(2)).nothing();
}

TEST_CASE("job_aggregate: a task that asked not to retry is abandoned under the lost fence") {
  auto s = given({added(), acquired()});
  s.when_rule(lose(2, lease_lost_policy::fail));
  const auto& events = s.accepted().events;
  REQUIRE(events.size() == 2);
  CHECK(events[0] == event{lease_lost{job, 2}});
  const auto& end = std::get<job_finished>(events[1]);
  CHECK(end.outcome == job_outcome::abandoned);
  CHECK(end.fence == 2);
  CHECK(end.error->type == "lease_lost");
}

TEST_CASE("job_aggregate: the third lost lease discards the job") {
  auto s = given({added()});
  for (position fence : {2, 4}) {
    s.when_rule(acquire).then({acquired()});
    s.when_rule(lose(fence)).then({lease_lost{job, fence}});
  }
  s.when_rule(acquire).then({acquired()});
  s.when_rule(lose(6)).then_accepted();
  REQUIRE(s.accepted().events.size() == 2);
  const auto& end = std::get<job_finished>(s.accepted().events[1]);
  CHECK(end.outcome == job_outcome::discarded);
  CHECK(end.fence == 0);
  CHECK(s.state()->losses == lost_leases_max);
  CHECK(s.state()->status == job_status::finished);
}

TEST_CASE("job_aggregate: a job that was asked to stop does not outlive its claim") {
  const std::vector<event> history{added(), acquired(), job_cancel_requested{job, ""}};
  given(history)
      .when_rule(lose(2, lease_lost_policy::fail))
      .then({lease_lost{job, 2}, finished(job_outcome::cancelled)});
  given(history)
      .when_rule(release(2))
      .then({job_released{job, 2}, finished(job_outcome::cancelled)});
}

TEST_CASE("job_aggregate: a released job waits again, with its deadline") {
  auto s = given({added(day_one), acquired()});
  s.when_rule(release(1)).nothing();
  s.when_rule(release(2)).then({job_released{job, 2}});
  CHECK(s.state()->status == job_status::queued);
  CHECK(s.state()->losses == 0);
  s.when_rule(release(2)).nothing();
  s.at(day_one + 1s).when_rule(acquire).then({finished(job_outcome::missed)});
}

TEST_CASE("job_aggregate: a job released after a loss is still a retry") {
  auto s = given({added(), acquired(), lease_lost{job, 2}, acquired(), job_released{job, 4}});
  CHECK(s.state()->status == job_status::retrying);
  CHECK(s.state()->attempts == 2);
}
