// A node's session, its appends, and what it does about the sessions of others.
#include "cluster/succession.hpp"
#include "stores/block.hpp"
#include "stores/commit_keys.hpp"
#include "tests/sim/node.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

constexpr duration open_patience = 5s;
constexpr duration renew_patience = 2s;
constexpr duration append_patience = 3s;
/// Long: a late answer is still about the time when it was given.
constexpr duration list_patience = 20s;
constexpr duration judge_again_after = 200ms;
constexpr duration open_again_after = 500ms;
constexpr duration renew_again_after = 300ms;
constexpr duration offer_again_after = 200ms;
constexpr duration look_every = 1s;
constexpr std::size_t commits_per_append_max = 50;

/// "threads" and "process": every node can run everything.
cluster::announcement everything() {
  return {.role = cluster::node_role::both, .executors = {executor_threads, executor_process}};
}

} // namespace

void node::open_session() {
  if (std::exchange(is_opening_, true))
    return;
  const auto sent = machine_.boot();
  stores::session_request request{
      .node = name(), .ttl = lease_rules.ttl, .what = {}, .previous = machine_.last_token};
  machine_.ask<stores::session>(
      open_patience, [request](sim_store& s) { return s.open(request); },
      [this, sent](expected<stores::session> opened) {
        is_opening_ = false;
        if (opened)
          begin_session(*opened, sent);
        else
          machine_.post(open_again_after, [this] { open_session(); });
      });
}

void node::begin_session(const stores::session& who, cluster::boot_time sent) {
  w().note([&] { return name().value + " has session " + std::to_string(who.token); });
  session_ = who;
  machine_.last_token = who.token;
  lease_.emplace(lease_rules, sent);
  machine_.lease_until = lease_->lost_at();
  session_start_ = 0;
  auto started = new_commit(machine_.wall());
  started.events = {node_started{.node = name()}};
  submit(std::move(started), [](const stores::outcome&) {});
  offer_batch();
  renew();
  watch_deadline();
}

void node::renew() {
  if (!lease_ || has_stopped_renewing_)
    return;
  const auto sent = machine_.boot();
  const auto sent_wall = machine_.wall();
  machine_.ask<time_point>(
      renew_patience, [who = session_](sim_store& s) { return s.renew(who); },
      [this, sent, sent_wall, renewal = ++renewals_](expected<time_point> store_time) {
        if (renewal == renewals_)
          on_renewed(sent, sent_wall, store_time);
      });
}

void node::on_renewed(cluster::boot_time sent, time_point sent_wall,
                      const expected<time_point>& store_time) {
  if (!lease_)
    return;
  auto wait = renew_again_after;
  if (store_time) {
    skew_.add({sent_wall, machine_.wall(), *store_time});
    lease_->renewed(sent, machine_.boot());
    machine_.lease_until = lease_->lost_at();
    wait = std::max(wait, lease_->renew_at() - machine_.boot());
  } else if (store_time.error().code == errc::lease_lost) {
    lease_->refused();
    return lose_session();
  }
  if (!holds_lease())
    return lose_session();
  machine_.post(wait, [this, renewal = renewals_] {
    if (renewal == renewals_)
      renew();
  });
}

bool node::holds_lease() {
  if (!lease_)
    return false;
  if (w().breaks(rule::lease_deadline) || has_stopped_renewing_)
    return true;
  return lease_->look(machine_.boot()) != cluster::lease_state::lost;
}

void node::watch_deadline() {
  if (!lease_ || w().breaks(rule::lease_deadline) || has_stopped_renewing_)
    return;
  if (!holds_lease())
    return lose_session();
  machine_.post(lease_->lost_at() - machine_.boot(), [this, token = session_.token] {
    if (token == session_.token)
      watch_deadline();
  });
}

void node::woke() {
  if (lease_ && !holds_lease())
    lose_session();
}

void node::clock_stepped() {
  skew_.reset();
  fire_alarm_ = {{}, fire_alarm_.generation + 1};
  claim_alarm_ = {{}, claim_alarm_.generation + 1};
  renew();
}

void node::lose_session() {
  if (!lease_)
    return;
  w().note([&] { return name().value + " has lost session " + std::to_string(session_.token); });
  lease_.reset();
  session_start_ = 0;
  // Tasks of threads have no disconnect grace here; supervisors look after theirs themselves.
  for (const auto& [key, run] : threads_)
    stop_thread(key, job_outcome::abandoned);
  open_session();
}

void node::look_at_sessions() {
  machine_.ask<stores::session_list>(
      list_patience, [](sim_store& s) { return s.list(); },
      [this, known = head_.at](expected<stores::session_list> list) {
        if (list)
          give_up_lost(*list, w().breaks(rule::look_before_claims) ? head_.at : known);
        if (list && w().breaks(rule::fresh_look))
          judge_again(*list, ++looks_);
        machine_.post(look_every, [this] { look_at_sessions(); });
      });
}

/// What a node would do that trusts what it saw last.
void node::judge_again(stores::session_list list, std::uint64_t look) {
  machine_.post(judge_again_after, [this, list = std::move(list), look]() mutable {
    if (look != looks_)
      return;
    list.now += judge_again_after;
    give_up_lost(list, head_.at);
    judge_again(std::move(list), look);
  });
}

void node::give_up_lost(const stores::session_list& list, position known) {
  peers_.clear();
  std::vector<cluster::session_end> ends;
  for (const auto& s : list.sessions) {
    ends.push_back({s.node, s.token, s.expires});
    if (!s.expired)
      peers_.push_back({.node = s.node, .token = s.token, .says = everything(), .free_room = 1});
  }
  if (!may_decide())
    return;
  const cluster::session_look look{w().breaks(rule::store_clock) ? machine_.wall() : list.now,
                                   known, ends};
  for (const auto* job : running_jobs()) {
    const run_key key{job->id, job->fence};
    if (job->node == name() || giving_up_.contains(key))
      continue;
    const auto task = live_.tasks.find(job->task);
    if (task == nullptr)
      continue;
    auto grace = domain::disconnect_grace_of(*task, job->fence);
    if (w().breaks(rule::claimed_grace))
      grace = disconnect_grace_of(task->settings);
    if (w().breaks(rule::full_wait))
      grace = -cluster::session_grace;
    if (!cluster::may_give_up(look, {job->node, job->fence, grace}, absent_))
      continue;
    w().note([&] {
      return name().value + " gives up " + to_string(job->id) + " of " + job->node.value;
    });
    auto c = new_commit(list.now);
    if (w().breaks(rule::loss_before_claim)) {
      stores::add_claim(c, job->task, {.id = job->id, .node = name(), .slot = job->slot});
    } else {
      c.events = lose_lease(*job, job->fence, task->settings.on_lease_lost).events;
      stores::guard_own_streams(c);
    }
    giving_up_.insert(key);
    submit(std::move(c), [this, key](const stores::outcome&) { giving_up_.erase(key); });
  }
}

void node::submit(stores::commit c, answer_to done) {
  waiting_.push_back({std::move(c), std::move(done)});
  send_batch();
}

void node::send_batch() {
  if (!in_flight_.empty() || waiting_.empty() || !lease_)
    return;
  while (!waiting_.empty() && in_flight_.size() < commits_per_append_max) {
    in_flight_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (w().breaks(rule::publish_after_commit))
    say_before_commit();
  offer_batch();
}

/// As long as there is no answer the same commits are offered, under the same ids, whatever session
/// the node has by then: it has to know what became of them.
void node::offer_batch() {
  if (in_flight_.empty() || is_answered_ || !lease_)
    return;
  std::vector<stores::commit> commits;
  for (const auto& pending : in_flight_)
    commits.push_back(pending.commit);
  machine_.ask<stores::append_result>(
      append_patience,
      [who = session_, commits = std::move(commits)](sim_store& s) {
        return s.append(who, commits);
      },
      [this, offer = ++offers_](expected<stores::append_result> answer) {
        if (offer == offers_)
          on_answer(std::move(answer));
      });
}

void node::on_answer(expected<stores::append_result> answer) {
  if (!answer)
    return machine_.post(offer_again_after, [this, offer = offers_] {
      if (offer == offers_)
        offer_batch();
    });
  if (answer->outcomes.front().kind == stores::outcome_kind::fenced)
    return lose_session(); // the batch is offered again under the next one
  is_answered_ = true;
  if (answer->first != 0) {
    const cluster::block_message block{.first = answer->first,
                                       .last = answer->after.at,
                                       .previous = answer->previous,
                                       .hash = answer->after.hash,
                                       .node = name(),
                                       .bytes = std::move(answer->bytes)};
    if (!w().breaks(rule::publish_after_commit))
      machine_.publish(block);
    hear(block);
  }
  when_applied(answer->after.at,
               [this, outcomes = std::move(answer->outcomes)] { finish_batch(outcomes); });
}

void node::finish_batch(const std::vector<stores::outcome>& outcomes) {
  is_answered_ = false;
  const auto batch = std::exchange(in_flight_, {});
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch[i].done(outcomes[i]);
  send_batch();
}

/// What a node would do that does not wait for the log.
void node::say_before_commit() {
  stores::body_writer body;
  std::uint32_t count = 0;
  for (const auto& pending : in_flight_) {
    body.add(pending.commit);
    count += static_cast<std::uint32_t>(pending.commit.events.size());
  }
  if (count == 0)
    return;
  const stores::block_header header{.first = head_.at + 1,
                                    .count = count,
                                    .time = w().now(),
                                    .node = name(),
                                    .session = session_.token,
                                    .previous = head_.hash};
  auto encoded = stores::encode_block(header, body.bytes());
  machine_.publish({.first = header.first,
                    .last = header.last(),
                    .previous = header.previous,
                    .hash = encoded.hash,
                    .node = name(),
                    .bytes = std::move(encoded.bytes)});
}

} // namespace carillon::sim
