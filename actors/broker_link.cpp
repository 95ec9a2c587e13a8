#include "actors/broker_link.hpp"

#include <pthread.h>

namespace carillon::actors {
namespace {

/// Blocks that wait for the thread; beyond, the oldest is dropped: receivers read the log.
constexpr std::size_t blocks_waiting_max = 1'000;
constexpr std::size_t events_waiting_max = 20'000;

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
  self->events_ = {.enabled = broker.publish_events,
                   .types = {broker.event_types.begin(), broker.event_types.end()}};
  if (auto good = cluster::check(self->events_); !good)
    return unexpected<error>{std::move(good).error()};
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
  return transport_ ? transport_->stats() : cluster::transport_stats{};
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

void broker_link::publish(const recorded_event& e) {
  if (!cluster::is_published(events_, e, how_.node))
    return;
  auto message = cluster::to_cloud_event(e, names_);
  {
    const std::lock_guard hold{mutex_};
    push_bounded(outside_, std::move(message), events_waiting_max);
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

void broker_link::work() {
  std::unique_lock hold{mutex_};
  for (;;) {
    changed_.wait(hold, [this] { return is_closing_ || !blocks_.empty() || !outside_.empty(); });
    if (blocks_.empty() && outside_.empty())
      return; // closing, and all is sent
    auto blocks = std::exchange(blocks_, {});
    auto outside = std::exchange(outside_, {});
    for (const auto& block : blocks)
      transport_->publish(cluster::to_message(block, names_, *seal_));
    hold.unlock();
    for (auto& message : outside)
      transport_->publish(std::move(message));
    hold.lock();
  }
}

} // namespace carillon::actors
