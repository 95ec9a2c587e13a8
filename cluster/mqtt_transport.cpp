#include "cluster/mqtt_client.hpp"
#include "cluster/outgoing_queue.hpp"
#include "cluster/topics.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>

namespace carillon::cluster {
namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// A connection that lasted this long was a success: the next attempt follows quickly.
constexpr auto good_connection = 5s;
/// What was in flight when so many connections broke is given up: it may be the reason, for example
/// a message larger than the broker takes.
constexpr int sends_max = 2;
/// How much longer than the connect timeout an attempt may stay unanswered.
constexpr auto attempt_slack = 10s;
/// Longest wait of the thread between two looks at everything.
constexpr auto tick = 1s;

/// One thread owns the connection; Paho's threads and the callers only put notes on its desk.
class mqtt_transport final : public transport, private mqtt_client::listener {
public:
  mqtt_transport(broker_options options, transport_callbacks callbacks)
      : options_{std::move(options)}, callbacks_{std::move(callbacks)},
        queue_{options_.outgoing_max, options_.outgoing_bytes_max}, random_{
                                                                        std::random_device{}()} {}

  ~mqtt_transport() override { close(0ms); }

  expected<void> start() {
    try {
      thread_ = std::thread{[this] { run(); }};
    } catch (const std::system_error& e) {
      return refuse(errc::unavailable, std::string{"broker thread: "} + e.what());
    }
    return {};
  }

  void subscribe(std::string filter) override {
    const std::lock_guard lock{mutex_};
    if (!is_filter(filter)) {
      // The broker would end the connection over it, again and again.
      desk_.push_back(mqtt_client::note{"'" + filter + "' is no topic filter"});
      return wake_.notify_one();
    }
    filters_.try_emplace(std::move(filter), 0);
    new_filter_ = true;
    wake_.notify_one();
  }

  void publish(message m) override {
    const std::lock_guard lock{mutex_};
    if (closing_)
      return;
    if (!is_topic(m.topic)) {
      ++stats_.dropped_outgoing;
      desk_.push_back(mqtt_client::note{"'" + m.topic + "' is no topic"});
      return wake_.notify_one();
    }
    queue_.push(std::move(m));
    wake_.notify_one();
  }

  void close(std::chrono::milliseconds drain) override {
    {
      const std::lock_guard lock{mutex_};
      if (!closing_)
        drain_until_ = steady::now() + drain;
      closing_ = true;
      wake_.notify_one();
    }
    const std::lock_guard joining{join_mutex_};
    if (thread_.joinable())
      thread_.join();
  }

  transport_stats stats() const override {
    const std::lock_guard lock{mutex_};
    auto out = stats_;
    out.dropped_outgoing += queue_.dropped();
    out.waiting = queue_.size();
    return out;
  }

private:
  enum class link_state : std::uint8_t { waiting, connecting, connected };

  // Called by Paho's threads: take down and return.
  void on_event(mqtt_client::event e) override {
    const std::lock_guard lock{mutex_};
    if (std::holds_alternative<message>(e)) {
      if (closing_)
        return;
      if (incoming_waiting_ >= options_.incoming_max) {
        ++stats_.dropped_incoming;
        return;
      }
      ++incoming_waiting_;
    }
    desk_.push_back(std::move(e));
    wake_.notify_one();
  }

  void run() {
    std::unique_lock lock{mutex_};
    while (!(closing_ && is_drained())) {
      if (link_ == link_state::waiting && steady::now() >= retry_at_) {
        lock.unlock();
        attempt();
        lock.lock();
      }
      handle_desk(lock);
      if (link_ == link_state::connected) {
        ask_for_filters(lock);
        send(lock);
      }
      wake_.wait_until(lock, wake_at(), [this] { return has_work(); });
      look_around(lock);
    }
    stats_.connected = false;
    lock.unlock();
    client_.reset(); // says good-bye when connected
  }

  bool is_drained() const {
    const bool sent = queue_.empty() && again_.empty() && in_flight_.empty();
    return link_ != link_state::connected || sent || steady::now() >= drain_until_;
  }

  bool has_work() const {
    if (!desk_.empty() || (closing_ && is_drained()))
      return true;
    return link_ == link_state::connected && (new_filter_ || can_send());
  }

  bool can_send() const {
    const bool room = !stalled_ && in_flight_.size() < options_.in_flight_max;
    return room && !(again_.empty() && queue_.empty());
  }

  steady::time_point wake_at() const {
    auto at = steady::now() + tick;
    if (link_ == link_state::waiting)
      at = std::min(at, retry_at_);
    return closing_ ? std::min(at, std::max(drain_until_, steady::now())) : at;
  }

  /// For the cases in which Paho says nothing, and says that it is connected.
  void look_around(std::unique_lock<std::mutex>& lock) {
    const auto now = steady::now();
    std::string why;
    if (link_ == link_state::connecting && now >= answer_by_)
      why = "no answer to the attempt to connect";
    if (link_ == link_state::connected) {
      const bool waits = !in_flight_.empty() || unanswered_filters_ > 0;
      if (stalled_ && !client_->is_connected())
        why = "connection lost";
      else if (waits && now >= progress_at_ + std::max<steady::duration>(options_.keep_alive, 5s))
        why = "nothing is acknowledged any more";
    }
    if (why.empty())
      return;
    lock.unlock();
    lost(why);
    lock.lock();
  }

  /// Each attempt has a Paho client of its own: one that lost its connection may never again send
  /// or acknowledge anything. What was in flight is sent again by us.
  void attempt() {
    client_.reset();
    {
      const std::lock_guard lock{mutex_};
      // What the last client said about its connection must not be taken for the new one's.
      std::erase_if(desk_, [](const mqtt_client::event& e) {
        return !std::holds_alternative<message>(e) && !std::holds_alternative<mqtt_client::note>(e);
      });
    }
    link_ = link_state::connecting;
    answer_by_ = steady::now() + options_.connect_timeout + attempt_slack;
    auto made = mqtt_client::make(options_, *this);
    if (!made)
      return lost(made.error().message);
    client_ = std::move(*made);
    if (const auto begun = client_->connect(); !begun)
      lost(begun.error().message);
  }

  /// Takes everything off the desk and calls back, without the lock.
  void handle_desk(std::unique_lock<std::mutex>& lock) {
    while (!desk_.empty()) {
      std::vector<mqtt_client::event> taken;
      taken.swap(desk_);
      incoming_waiting_ = 0;
      lock.unlock();
      for (auto& e : taken)
        std::visit([this](auto& what) { handle(what); }, e);
      lock.lock();
    }
  }

  void handle(message& m) {
    {
      const std::lock_guard lock{mutex_};
      if (closing_)
        return;
      ++stats_.received;
    }
    if (callbacks_.on_message)
      callbacks_.on_message(std::move(m));
  }

  void handle(mqtt_client::connected& e) {
    {
      const std::lock_guard lock{mutex_};
      ++stats_.connects;
      stats_.connected = true;
      for (auto& [filter, asked] : filters_)
        asked = 0;
      new_filter_ = true;
    }
    link_ = link_state::connected;
    stalled_ = false;
    connected_at_ = progress_at_ = steady::now();
    resumed_ = e.resumed;
    unanswered_filters_ = 0;
    announced_ = false;
  }

  void handle(mqtt_client::disconnected& e) {
    if (link_ != link_state::waiting)
      lost(e.why);
  }

  void lost(const std::string& why) {
    const bool was_up = link_ == link_state::connected;
    if (was_up && steady::now() - connected_at_ >= good_connection)
      failures_ = 0;
    ++failures_;
    link_ = link_state::waiting;
    std::uniform_real_distribution<double> dice{0.0, 1.0};
    retry_at_ = steady::now() + retry_delay(options_, failures_, dice(random_));
    {
      const std::lock_guard lock{mutex_};
      stats_.connected = false;
      for (auto sent = in_flight_.rbegin(); sent != in_flight_.rend(); ++sent) {
        if (sent->second.sends < sends_max)
          again_.push_front(std::move(sent->second));
        else
          ++stats_.dropped_outgoing;
      }
      in_flight_.clear();
      if (closing_)
        return;
    }
    if (callbacks_.on_disconnected)
      callbacks_.on_disconnected("broker " + to_string(options_.url) + ": " + why);
  }

  void handle(mqtt_client::subscribed& e) {
    if (!e.problem.empty() && link_ == link_state::connected)
      note("subscription to '" + e.filter + "' refused: " + e.problem);
    if (unanswered_filters_ > 0)
      --unanswered_filters_;
    progress_at_ = steady::now();
    announce();
  }

  void handle(mqtt_client::delivered& e) {
    if (in_flight_.erase(e.id) == 0)
      return;
    progress_at_ = steady::now();
    stalled_ = false;
    {
      const std::lock_guard lock{mutex_};
      ++(e.problem.empty() ? stats_.published : stats_.dropped_outgoing);
    }
    if (!e.problem.empty() && e.problem != last_problem_) {
      note("message refused: " + e.problem);
      last_problem_ = e.problem;
    }
  }

  void handle(mqtt_client::note& e) { note(e.text); }

  void note(const std::string& text) {
    if (callbacks_.on_note)
      callbacks_.on_note("broker " + to_string(options_.url) + ": " + text);
  }

  /// Tells once per connection that all subscriptions stand.
  void announce() {
    if (announced_ || unanswered_filters_ > 0 || link_ != link_state::connected)
      return;
    announced_ = true;
    if (callbacks_.on_connected)
      callbacks_.on_connected(resumed_);
  }

  void ask_for_filters(std::unique_lock<std::mutex>& lock) {
    if (!new_filter_)
      return;
    new_filter_ = false;
    std::vector<std::string> ask;
    for (auto& [filter, asked] : filters_)
      if (asked++ == 0)
        ask.push_back(filter);
    lock.unlock();
    for (const auto& filter : ask) {
      ++unanswered_filters_;
      if (const auto asked = client_->subscribe(filter); !asked) {
        --unanswered_filters_;
        note("subscription to '" + filter + "': " + asked.error().message);
      }
    }
    announce();
    lock.lock();
  }

  void send(std::unique_lock<std::mutex>& lock) {
    while (can_send()) {
      auto next = take_next();
      lock.unlock();
      ++next.sends;
      if (in_flight_.empty())
        progress_at_ = steady::now();
      // Noted first: the answer may be quicker than we are.
      const auto id = ++last_id_;
      const auto& noted = in_flight_.emplace(id, std::move(next)).first->second;
      const auto sent = client_->publish(noted.what, id);
      lock.lock();
      if (sent)
        continue;
      auto back = std::move(in_flight_.extract(id).mapped());
      if (sent.error().code == errc::unavailable) {
        --back.sends;
        again_.push_front(std::move(back));
        stalled_ = true; // until the next notice, or until `look_around` has a look
      } else {
        ++stats_.dropped_outgoing;
        desk_.push_back(mqtt_client::note{sent.error().message});
      }
    }
  }

  /// A message and how often it was sent.
  struct sending {
    message what;
    int sends = 0;
  };

  sending take_next() {
    if (again_.empty())
      return {*queue_.pop(), 0};
    auto first = std::move(again_.front());
    again_.pop_front();
    return first;
  }

  const broker_options options_;
  const transport_callbacks callbacks_;
  std::unique_ptr<mqtt_client> client_;

  // Shared, under the lock.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<mqtt_client::event> desk_;
  outgoing_queue queue_;
  std::map<std::string, int> filters_; ///< How often asked for in this connection.
  std::size_t incoming_waiting_ = 0;
  bool new_filter_ = false;
  bool closing_ = false;
  steady::time_point drain_until_{};
  transport_stats stats_;

  // The thread's own.
  link_state link_ = link_state::waiting;
  steady::time_point retry_at_{};
  steady::time_point answer_by_{};
  steady::time_point connected_at_{};
  std::uint32_t failures_ = 0;
  std::map<std::uint64_t, sending> in_flight_; ///< By the number that Paho was given.
  std::deque<sending> again_;                  ///< Was in flight when a connection broke.
  std::uint64_t last_id_ = 0;
  std::size_t unanswered_filters_ = 0;
  steady::time_point progress_at_{}; ///< When something was last acknowledged.
  bool stalled_ = false;             ///< Paho did not take a message.
  bool resumed_ = false;
  bool announced_ = false;
  std::string last_problem_;
  std::mt19937_64 random_;

  std::mutex join_mutex_;
  std::thread thread_;
};

} // namespace

expected<std::unique_ptr<transport>> open_mqtt(broker_options options,
                                               transport_callbacks callbacks) {
  if (const auto fine = check(options); !fine)
    return unexpected<error>{fine.error()};
  auto opened = std::make_unique<mqtt_transport>(std::move(options), std::move(callbacks));
  if (const auto started = opened->start(); !started)
    return unexpected<error>{started.error()};
  return std::unique_ptr<transport>{std::move(opened)};
}

} // namespace carillon::cluster
