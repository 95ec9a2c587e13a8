#include "actors/broker_link.hpp"

#include <pthread.h>

#include <utility>

namespace carillon::actors {
namespace {

/// Blocks that wait for the thread; beyond, the oldest is dropped: receivers read the log.
constexpr std::size_t blocks_waiting_max = 1'000;
constexpr std::size_t records_waiting_max = 20'000;

/// Messages for listeners outside that wait in the transport: enough for it to go on while more are
/// made, and few, for what is made and then dropped is work for nothing.
constexpr std::size_t outside_in_transport_max = 500;
/// How often the thread looks whether the transport has room again, and while the broker is away.
constexpr std::chrono::milliseconds room_look{10};
constexpr std::chrono::milliseconds away_look{200};

constexpr std::chrono::milliseconds drain{500};

template <class T> void push_bounded(std::deque<T>& queue, T item, std::size_t most) {
  if (queue.size() >= most)
    queue.pop_front();
  queue.push_back(std::move(item));
}

cluster::broker_options to_options(const broker_settings& from, cluster::broker_url url) {
  cluster::broker_options out;
  out.url = std::move(url);
  out.username = from.username;
  out.password = from.password;
  out.tls = {.ca_file = from.ca_file,
             .certificate_file = from.certificate_file,
             .key_file = from.key_file};
  return out;
}

} // namespace

broker_link::broker_link(settings how, callbacks call)
    : how_{std::move(how)}, call_{std::move(call)},
      incarnation_{static_cast<std::uint64_t>(wall_clock().now().time_since_epoch().count())} {}

expected<std::unique_ptr<broker_link>> broker_link::open(settings how, callbacks call) {
  std::unique_ptr<broker_link> self{new broker_link{std::move(how), std::move(call)}};
  const auto& broker = self->how_.broker;
  auto names = broker.topic_prefix.empty()
                   ? cluster::make_topics(broker.cluster)
                   : cluster::make_topics(broker.cluster, broker.topic_prefix);
  if (!names)
    return unexpected<error>{std::move(names).error()};
  if (!broker.key.empty())
    if (auto good = cluster::check_cluster_key(broker.key); !good)
      return unexpected<error>{std::move(good).error()};
  cluster::event_publication events{
      .enabled = broker.publish_events,
      .types = {broker.event_types.begin(), broker.event_types.end()}};
  if (auto good = cluster::check(events); !good)
    return unexpected<error>{std::move(good).error()};
  self->outside_.emplace(std::move(events), records_waiting_max);
  auto url = cluster::parse_broker_url(broker.url);
  if (!url)
    return unexpected<error>{std::move(url).error()};
  self->url_ = std::move(*url);
  self->names_ = std::move(*names);
  self->seal_.emplace(cluster::sealer::identity{.cluster = self->names_.cluster,
                                                .node = self->how_.node,
                                                .incarnation = self->incarnation_,
                                                .key = broker.key});
  self->peers_.emplace(self->how_.node, self->incarnation_);
  return self;
}

expected<void> broker_link::start() {
  auto options = to_options(how_.broker, url_);
  options.client_id = cluster::client_id_of(how_.node.value, incarnation_);
  options.will = cluster::will_of({.node = how_.node, .incarnation = incarnation_}, names_, *seal_);
  cluster::transport_callbacks to;
  to.on_message = [this](const cluster::message& m) { on_message(m); };
  to.on_connected = [this](bool) {
    if (how_.sink)
      how_.sink(log_level::info, "the broker is connected");
    {
      std::unique_lock hold{mutex_};
      publish_status(hold);
    }
    call_.on_connection(true);
    call_.on_gap();
  };
  to.on_disconnected = [this](const std::string& why) {
    if (how_.sink)
      how_.sink(log_level::warning, "the broker is away: " + why);
    call_.on_connection(false);
  };
  to.on_note = [this](const std::string& text) {
    if (how_.sink)
      how_.sink(log_level::warning, "broker: " + text);
  };
  auto opened = cluster::open_mqtt(std::move(options), std::move(to));
  if (!opened)
    return unexpected<error>{std::move(opened).error()};
  const std::lock_guard hold{mutex_};
  transport_ = std::move(*opened);
  transport_->subscribe(names_.blocks());
  transport_->subscribe(names_.every_status());
  worker_ = std::thread{[this] { work(); }};
  pthread_setname_np(worker_.native_handle(), "carillon-tell");
  return {};
}

cluster::transport_stats broker_link::stats() const {
  const std::lock_guard hold{mutex_};
  auto out = transport_ ? transport_->stats() : cluster::transport_stats{};
  out.dropped_outgoing += outside_->dropped();
  return out;
}

broker_link::~broker_link() { close(); }

void broker_link::close() {
  {
    const std::lock_guard hold{mutex_};
    if (is_closing_)
      return;
    is_closing_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable())
    worker_.join();
  if (transport_)
    transport_->close(drain);
}

void broker_link::announce(cluster::block_message block) {
  {
    const std::lock_guard hold{mutex_};
    push_bounded(blocks_, std::move(block), blocks_waiting_max);
  }
  changed_.notify_all();
}

void broker_link::publish(std::shared_ptr<const stores::block> block) {
  {
    const std::lock_guard hold{mutex_};
    outside_->push(std::move(block));
  }
  changed_.notify_all();
}

void broker_link::say(cluster::node_status status) {
  std::unique_lock hold{mutex_};
  status.node = how_.node;
  status.incarnation = incarnation_;
  status_ = std::move(status);
  publish_status(hold);
}

void broker_link::publish_status(std::unique_lock<std::mutex>&) {
  if (status_ && transport_)
    transport_->publish(cluster::to_message(*status_, names_, *seal_));
}

void broker_link::on_status(const cluster::message& m) {
  auto heard = cluster::presence_change::none;
  {
    std::unique_lock hold{mutex_};
    auto opened = cluster::open_status(m, names_, *seal_);
    if (!opened)
      return; // of strangers: counted by the sealer
    heard = peers_->hear(opened->status, opened->sequence);
    if (heard == cluster::presence_change::contradict)
      publish_status(hold);
  }
  if (heard == cluster::presence_change::news || heard == cluster::presence_change::check)
    call_.on_presence();
}

void broker_link::on_message(const cluster::message& m) {
  if (m.topic != names_.blocks())
    return on_status(m);
  auto opened = [&] {
    const std::lock_guard hold{mutex_};
    return cluster::open_block(m, *seal_);
  }();
  if (opened)
    call_.on_block(std::move(*opened));
}

void broker_link::send_blocks(std::unique_lock<std::mutex>&) {
  for (const auto& block : std::exchange(blocks_, {}))
    transport_->publish(cluster::to_message(block, names_, *seal_));
}

/// As much as the transport has room for; at the end, all that waits.
void broker_link::send_outside(std::unique_lock<std::mutex>& hold) {
  auto waiting = transport_->stats().waiting;
  while (blocks_.empty() && (waiting++ < outside_in_transport_max || is_closing_)) {
    const auto next = outside_->pop();
    if (!next)
      return;
    hold.unlock();
    transport_->publish(cluster::to_cloud_event(*next, names_));
    hold.lock();
  }
}

void broker_link::work() {
  std::unique_lock hold{mutex_};
  for (;;) {
    const auto has_news = [this] { return is_closing_ || !blocks_.empty(); };
    if (outside_->empty())
      changed_.wait(hold, [&] { return has_news() || !outside_->empty(); });
    else
      changed_.wait_for(hold, transport_->stats().connected ? room_look : away_look, has_news);
    send_blocks(hold);
    send_outside(hold);
    if (is_closing_ && blocks_.empty() && outside_->empty())
      return;
  }
}

} // namespace carillon::actors
