#include "cases.hpp"

using namespace carillon;
using namespace carillon::test;
using actors::lane;
using stores::outcome_kind;

TEST_CASE("log_actor: all that waits becomes one block, with one answer each") {
  actor_fixture f;
  std::vector<pending<actors::append_reply>> replies;
  for (std::uint8_t n = 1; n <= 20; ++n)
    replies.push_back(f.append(lane::command, {records(2, n)}));
  f.run();
  CHECK(f.log->appends == 1);
  position expected_at = 1;
  for (const auto& reply : replies) {
    REQUIRE(*reply);
    REQUIRE((*reply)->outcomes.size() == 1);
    CHECK((*reply)->outcomes.front().kind == outcome_kind::appended);
    CHECK((*reply)->outcomes.front().at == expected_at);
    expected_at += 2;
  }
  CHECK(f.node->counts.blocks == 1);
  CHECK(f.node->counts.commits == 20);
  CHECK(f.node->counts.records == 40);
}

TEST_CASE("log_actor: endings go before fires, claims and commands") {
  actor_fixture f;
  const auto command = f.append(lane::command, {records(1, 1)});
  const auto claim = f.append(lane::claim, {records(1, 2)});
  const auto fire = f.append(lane::fire, {records(1, 3)});
  const auto finish = f.append(lane::finish, {records(1, 4)});
  f.run();
  CHECK(f.log->appends == 1);
  CHECK((*finish)->outcomes.front().at == 1);
  CHECK((*fire)->outcomes.front().at == 2);
  CHECK((*claim)->outcomes.front().at == 3);
  CHECK((*command)->outcomes.front().at == 4);
}

TEST_CASE("log_actor: a full block leaves the rest for the next, urgent ones first") {
  actor_fixture f;
  const auto big = f.append(lane::command, {records(20'000, 1)});
  const auto late = f.append(lane::command, {records(1, 2)});
  const auto finish = f.append(lane::finish, {records(1, 3)});
  f.run();
  CHECK(f.log->appends == 2);
  CHECK((*finish)->outcomes.front().at == 1);
  CHECK((*big)->outcomes.front().at == 2);
  CHECK((*late)->outcomes.front().at == 20'002);
}

TEST_CASE("log_actor: a failed append answers everyone, and a full disk is not the end") {
  actor_fixture f;
  f.log->failure = error{errc::no_space, "the disk is full"};
  const auto one = f.append(lane::command, {records(1, 1)});
  const auto two = f.append(lane::finish, {records(1, 2)});
  f.run();
  for (const auto& reply : {one, two}) {
    REQUIRE(*reply);
    REQUIRE((*reply)->failure);
    CHECK((*reply)->failure->code == errc::no_space);
    CHECK((*reply)->outcomes.empty());
  }
  CHECK_FALSE(f.node->log_broken);
  const auto again = f.append(lane::command, {records(1, 1)});
  f.run();
  CHECK((*again)->outcomes.front().kind == outcome_kind::appended);
}

TEST_CASE("log_actor: a log that breaks is not written to again") {
  actor_fixture f;
  f.done(mail_task());
  f.done(every_minute());
  f.log->failure = error{errc::unavailable, "the log is broken"};
  const auto failed = f.asked(one_job());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::unavailable);
  CHECK(f.node->log_broken);
  const auto appends = f.log->appends;
  f.clock.set(day_one + 1h);
  f.ring();
  f.run();
  CHECK(f.log->appends == appends);
}

TEST_CASE("log_actor: the state has moved everywhere when a command is answered") {
  actor_fixture f;
  f.done(mail_task());
  const auto reply = f.ask(one_job());
  while (!*reply)
    REQUIRE(f.run_one([](std::size_t) { return 0; }));
  REQUIRE(**reply);
  CHECK(f.node->applied == (**reply)->at + 1); // the job's claim is in the same commit
  CHECK(f.job(job_number(1)));
}

TEST_CASE("log_actor: a commit id that is there already is answered, not done again") {
  actor_fixture f;
  f.done(mail_task());
  request_info info;
  info.id.bytes[3] = 9;
  add_jobs command;
  command.jobs = {job_spec{.task = mail}, job_spec{.task = mail}};
  const auto first = f.done(command, info);
  const auto second = f.done(command, info);
  CHECK(first.at == second.at);
  CHECK(first.jobs == second.jobs);
  const auto events = f.events();
  CHECK(std::count_if(events.begin(), events.end(),
                      [](const event& e) { return std::holds_alternative<job_added>(e); }) == 2);
}

TEST_CASE("log_actor: one idempotency key with another request is a conflict") {
  actor_fixture f;
  f.done(mail_task());
  request_info info;
  info.id.bytes[3] = 9;
  info.meta.idempotency = "key digest-1";
  f.done(one_job(job_number(1)), info);
  info.meta.idempotency = "key digest-2";
  const auto other = f.asked(one_job(job_number(2)), info);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == errc::conflict);
  CHECK_FALSE(f.job(job_number(2)));
}

TEST_CASE("log_actor: arguments over 1 KiB are kept as a blob, smaller ones in the record") {
  actor_fixture f;
  f.done(mail_task());
  add_jobs command = one_job();
  command.jobs.front().args.text = "{\"args\":[\"" + std::string(2000, 'x') + "\"]}";
  f.done(command);
  const auto job = f.job(job_number(1));
  REQUIRE(job);
  CHECK(job->args.text.empty());
  REQUIRE(job->args.blob);
  const auto text = f.log->get_blob(*job->args.blob);
  REQUIRE(text);
  CHECK(*text == command.jobs.front().args.text);
}

TEST_CASE("log_actor: each jump of the clock is recorded") {
  actor_fixture f;
  f.ring(5'000'000);
  f.ring(-5'000'000);
  f.run();
  const auto events = f.events();
  REQUIRE(events.size() == 2);
  CHECK(std::get<clock_stepped>(events[0]).delta_us == 5'000'000);
  CHECK(std::get<clock_stepped>(events[1]).delta_us == -5'000'000);
}

TEST_CASE("log_actor: what a block of bytes has no room for comes in the next, nothing is lost") {
  actor_fixture f;
  f.done(mail_task());
  // 60 commits of 400 jobs with 1 KiB of arguments each: 24 MiB, a block holds 16.
  std::vector<pending<expected<answer>>> replies;
  const auto before = f.log->appends;
  for (int commit = 0; commit < 60; ++commit) {
    add_jobs command;
    command.jobs.assign(400, job_spec{.task = mail, .run_at = day_one + 1h});
    for (auto& job : command.jobs)
      job.args.text = "{\"args\":[\"" + std::string(1000, 'x') + "\"]}";
    replies.push_back(f.ask(std::move(command)));
  }
  f.run();
  for (const auto& reply : replies) {
    REQUIRE(*reply);
    REQUIRE(**reply);
  }
  CHECK(f.log->appends > before + 1);
  CHECK(f.replayed().jobs.front().size() == 24'000);
}

TEST_CASE("log_actor: what is above the log's level is refused, whoever decided it") {
  actor_fixture f;
  f.node->level = 0; // below what this build writes
  const auto appends = f.log->appends;
  const auto refused = f.append(lane::fire, {records(1, 1)});
  f.run();
  REQUIRE(*refused);
  REQUIRE((*refused)->failure);
  CHECK((*refused)->failure->code == errc::unsupported);
  CHECK(f.log->appends == appends);
  CHECK_FALSE(f.node->log_broken);
  f.node->level = 1;
  const auto written = f.append(lane::fire, {records(1, 1)});
  f.run();
  CHECK((*written)->outcomes.front().kind == outcome_kind::appended);
}
