#pragma once

#include "cluster/broker.hpp"
#include "support/mosquitto.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

/// A client that writes down everything it is told. Waits end as soon as what they wait for is
/// there, and after 10 s at the latest.
class mqtt_witness {
public:
  explicit mqtt_witness(cluster::broker_options options) {
    cluster::transport_callbacks to;
    to.on_message = [this](cluster::message m) {
      note([&] { messages_.push_back(std::move(m)); });
    };
    to.on_connected = [this](bool resumed) {
      note([&] {
        ++connected_;
        resumed_ = resumed;
      });
    };
    to.on_disconnected = [this](std::string why) {
      note([&] {
        ++disconnected_;
        reasons_ += why + "\n";
      });
    };
    to.on_note = [this](std::string text) { note([&] { reasons_ += text + "\n"; }); };
    auto opened = cluster::open_mqtt(std::move(options), std::move(to));
    if (opened)
      transport_ = std::move(*opened);
    else
      reasons_ = opened.error().message;
  }
  ~mqtt_witness() { close(); }

  void close() {
    if (transport_)
      transport_->close(std::chrono::seconds{2});
  }

  cluster::transport& operator*() { return *transport_; }
  cluster::transport* operator->() { return transport_.get(); }

  /// Whether `is_so` became true in time; it is asked under the lock.
  template <class Condition> bool wait(Condition is_so) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{10}, is_so);
  }
  bool wait_connected(int times = 1) {
    return wait([&] { return connected_ >= times; });
  }
  bool wait_disconnected(int times = 1) {
    return wait([&] { return disconnected_ >= times; });
  }
  bool wait_messages(std::size_t count) {
    return wait([&] { return messages_.size() >= count; });
  }
  bool wait_payload(const std::string& payload) {
    return wait([&] {
      return std::any_of(messages_.begin(), messages_.end(),
                         [&](const auto& m) { return m.payload == payload; });
    });
  }
  bool wait_reason(const std::string& part) {
    return wait([&] { return reasons_.find(part) != std::string::npos; });
  }

  std::vector<cluster::message> messages() {
    const std::lock_guard lock{mutex_};
    return messages_;
  }
  std::string reasons() {
    const std::lock_guard lock{mutex_};
    return reasons_;
  }
  bool resumed() {
    const std::lock_guard lock{mutex_};
    return resumed_;
  }

private:
  template <class Change> void note(Change change) {
    {
      const std::lock_guard lock{mutex_};
      change();
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<cluster::message> messages_;
  std::string reasons_;
  int connected_ = 0;
  int disconnected_ = 0;
  bool resumed_ = false;
  std::unique_ptr<cluster::transport> transport_;
};

/// Options for a broker of ours.
inline cluster::broker_options options_for(const std::string& url, std::string client_id) {
  cluster::broker_options out;
  out.url = cluster::parse_broker_url(url).value_or(cluster::broker_url{});
  out.client_id = std::move(client_id);
  out.retry_first = std::chrono::milliseconds{50};
  out.retry_max = std::chrono::milliseconds{200};
  return out;
}

inline cluster::message text_message(std::string topic, std::string payload) {
  cluster::message m;
  m.topic = std::move(topic);
  m.payload = std::move(payload);
  return m;
}

} // namespace carillon::test
