#include "actors/engine.hpp"

#include "cluster/levels.hpp"
#include "events/level.hpp"

/// The engine on a log that many nodes share: its session, the others, the broker.
namespace carillon {

using namespace actors;

namespace {

/// What a node that is not started does for the others.
constexpr std::string_view no_role = "none";

std::string_view role_text(node_role role) {
  switch (role) {
  case node_role::both: return "both";
  case node_role::scheduler: return "scheduler";
  case node_role::worker: return "worker";
  }
  return no_role;
}

} // namespace

expected<stores::session> scheduler::implementation::open_session() {
  return directory_ != nullptr ? open_shared_session() : log_->open_session(node_->node);
}

stores::announcement scheduler::implementation::announcement() const {
  stores::announcement out{.role = std::string{no_role}, .level = events::format_level()};
  if (node_->session_start != 0 && !node_->draining)
    out.role = role_text(node_->options.role);
  out.labels = node_->options.labels;
  for (const auto& [name, runner] : executors_->all()) {
    out.executors.push_back(name);
    for (auto& task : runner->tasks())
      out.tasks.push_back(std::move(task.value));
  }
  return out;
}

expected<stores::session> scheduler::implementation::open_shared_session() {
  auto* store = log_->sessions();
  if (store == nullptr)
    return refuse(errc::internal, "a shared log without sessions");
  const auto known = store->list();
  const auto head = log_->head();
  if (!known || !head)
    return refuse(errc::unavailable, "the log's sessions cannot be read");
  for (const auto& record : known->sessions)
    if (record.node == node_->node && record.token != directory_->last_session())
      node_->sharing->past = {std::max(known->now, record.expires), head->at};
  session_keeper::callbacks call;
  call.on_opened = [this](const auto& who) { on_session_opened(who); };
  call.on_lost = [this] { on_session_lost(); };
  call.on_members = [this] { on_members(); };
  call.on_looked = [this] { on_looked(); };
  auto keeper = session_keeper::open(*store, node_->sharing,
                                     {.node = node_->node,
                                      .ttl = node_->options.session_ttl,
                                      .previous = directory_->last_session(),
                                      .lease_file = directory_->lease_file(),
                                      .says = announcement(),
                                      .sink = node_->options.sink,
                                      .applied = [node = node_] { return node->applied.load(); }},
                                     std::move(call));
  if (!keeper)
    return unexpected<error>{std::move(keeper).error()};
  keeper_ = std::move(*keeper);
  node_->sharing->look_by = [keeper = keeper_.get()](auto when) { keeper->look_by(when); };
  node_->sharing->refused = [keeper = keeper_.get()](auto token) { keeper->refused(token); };
  node_->sharing->give_up = [keeper = keeper_.get()] { keeper->give_up(); };
  return keeper_->current();
}

void scheduler::implementation::on_session_opened(const stores::session& who) {
  directory_->keep_session(who.token);
  if (!peers_->log)
    return; // the first one: nobody is there yet
  node_->log(log_level::info, "session " + std::to_string(who.token) + " is open");
  caf::anon_send(peers_->log, session_opened{who});
  for (const auto& owner : peers_->schedules)
    caf::anon_send(owner, fire_due{node_->now()});
  caf::anon_send(peers_->dispatch, dispatch_due{});
  say_presence();
}

void scheduler::implementation::on_members() {
  for (const auto& owner : peers_->schedules)
    caf::anon_send(owner, members_changed{});
  caf::anon_send(peers_->dispatch, dispatch_due{});
}

/// Handlers stop; what is supervised goes on until its supervisor ends it, or the node is back.
void scheduler::implementation::on_session_lost() {
  for (const auto& [name, runner] : executors_->all())
    if (!runner->outlives_process())
      runner->stop_all(stop_reason::lease_lost);
}

void scheduler::implementation::on_looked() {
  for (const auto& owner : peers_->jobs)
    caf::anon_send(owner, take_over_lost{});
}

bool scheduler::implementation::has_living_runs() const {
  for (const auto& [name, runner] : executors_->all())
    if (runner->outlives_process() && runner->running() != 0)
      return true;
  return false;
}

void scheduler::implementation::announce() {
  if (keeper_ == nullptr || node_->session_start == 0)
    return; // said when it starts
  if (auto said = keeper_->announce(announcement()); !said)
    node_->log(log_level::warning, "not announced yet: " + said.error().message);
  say_presence();
}

void scheduler::implementation::say_presence() {
  if (link_ == nullptr)
    return;
  const auto says = keeper_->says();
  link_->say(
      {.session = keeper_->current().token,
       .role = says.role,
       .state = node_->draining ? cluster::node_state::draining : cluster::node_state::online,
       .at = node_->applied});
}

expected<void> scheduler::implementation::open_broker() {
  const auto& options = node_->options;
  if (options.broker.url.empty())
    return {};
  broker_link::callbacks call;
  call.on_block = [peers = peers_](auto block) {
    auto told = std::make_shared<const cluster::received_block>(std::move(block));
    caf::anon_send(peers->log, block_heard{std::move(told)});
  };
  call.on_gap = [peers = peers_] { caf::anon_send(peers->log, block_heard{}); };
  call.on_presence = [keeper = keeper_.get()] { keeper->look_soon(); };
  call.on_connection = [sharing = node_->sharing](bool is_up) { sharing->has_broker = is_up; };
  auto link = broker_link::open(
      {.node = node_->node, .broker = options.broker, .sink = options.sink}, std::move(call));
  if (!link)
    return unexpected<error>{std::move(link).error()};
  link_ = std::move(*link);
  node_->sharing->tell_others = [link = link_.get()](cluster::block_message block) {
    link->announce(std::move(block));
  };
  if (link_->publishes_events())
    node_->sharing->tell_outside = [link = link_.get()](std::shared_ptr<const stores::block> own) {
      link->publish(std::move(own));
    };
  return {};
}

/// To be called once the actors are there.
expected<void> scheduler::implementation::start_broker() {
  if (link_ == nullptr)
    return {};
  if (auto started = link_->start(); !started)
    return started;
  say_presence();
  return {};
}

expected<std::vector<node_view>> scheduler::implementation::nodes() const {
  if (keeper_ == nullptr) {
    const auto says = announcement();
    return std::vector{node_view{.node = node_->node,
                                 .is_live = true,
                                 .is_this = true,
                                 .role = says.role,
                                 .tasks = says.tasks,
                                 .executors = says.executors,
                                 .labels = says.labels,
                                 .level = says.level}};
  }
  auto list = log_->sessions()->list();
  if (!list)
    return unexpected<error>{std::move(list).error()};
  std::vector<node_view> out;
  for (auto& record : list->sessions)
    out.push_back({.node = record.node,
                   .is_live = !record.expired,
                   .is_this = record.node == node_->node,
                   .role = std::move(record.what.role),
                   .session = record.token,
                   .opened_at = record.opened,
                   .expires_at = record.expires,
                   .tasks = std::move(record.what.tasks),
                   .executors = std::move(record.what.executors),
                   .labels = std::move(record.what.labels),
                   .level = record.what.level});
  return out;
}

expected<position> scheduler::implementation::raise_level(std::uint32_t level,
                                                          const commit_meta& meta) {
  std::vector<cluster::live_session> live;
  if (keeper_ != nullptr) { // asked now: a node may have come since the last look
    const auto list = log_->sessions()->list();
    if (!list)
      return unexpected<error>{list.error()};
    live = to_membership(*list)->live;
  }
  const cluster::level_raise raise{node_->level, level, events::format_level()};
  if (auto allowed = cluster::check_raise(raise, live); !allowed)
    return unexpected<error>{std::move(allowed).error()};
  if (raise.to == raise.from)
    return node_->applied.load();
  auto raised = record(level_raised{node_->node, level}, meta, stores::level_key());
  if (raised)
    node_->log(log_level::info, "the log is raised to level " + std::to_string(level));
  return raised;
}

void scheduler::implementation::add_sharing(status_view& out) const {
  if (keeper_ == nullptr)
    return;
  out.session = keeper_->current().token;
  if (const auto skew = keeper_->skew())
    out.clock_offset = skew->offset;
  if (link_ != nullptr)
    out.broker_connected = link_->stats().connected;
  const auto head = read<look_log, expected<stores::head>>(
      peers_->log, [](const auto& log) { return log->head(); });
  if (head && *head && (*head)->at > out.at)
    out.lag = (*head)->at - out.at;
}

expected<std::vector<node_view>> scheduler::nodes() const { return self_->nodes(); }

} // namespace carillon
