#pragma once

#include "cluster/transport.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace carillon::cluster {

/// How badly a bus of memory behaves. Shares are of 1.
struct bus_faults {
  double loss = 0;        ///< Share of messages that never arrive.
  double duplication = 0; ///< Share that arrive twice.
  double reordering = 0;  ///< Share that overtake or are overtaken.
};

/// A broker within the process, for tests and simulation: one seed, no threads, no clock. Messages
/// arrive only while `deliver` runs, in the thread that calls it. Used by one thread.
class memory_bus {
public:
  explicit memory_bus(std::uint64_t seed = 1, bus_faults faults = {});
  ~memory_bus();
  memory_bus(const memory_bus&) = delete;
  memory_bus& operator=(const memory_bus&) = delete;

  /// A client named `client_id` that leaves `will` behind when it is killed. The bus must outlive
  /// it. The client is connected at the next `deliver`.
  std::unique_ptr<transport> open(std::string client_id, std::optional<message> will,
                                  transport_callbacks callbacks);

  /// Delivers up to `messages_max` of what waits and says how many that were.
  std::size_t deliver(std::size_t messages_max = 1'000'000);

  void set_faults(bus_faults faults) { faults_ = faults; }
  /// Stops or starts the broker: while it is away everyone is disconnected.
  void set_up(bool up);
  /// Cuts one client off, or lets it back. What is sent to it meanwhile is lost.
  void set_reachable(const std::string& client_id, bool reachable);
  /// The client is gone without a good-bye: its Will is sent.
  void kill(const std::string& client_id);

private:
  class client;
  struct flight {
    std::string to;
    message what;
  };

  void send(const client& from, message m);
  void route(const std::string& from, const message& m);
  void queue(std::string to, message m);
  void refresh(client& c);
  bool chance(double share);

  std::mt19937_64 random_;
  bus_faults faults_;
  bool up_ = true;
  std::map<std::string, client*> clients_;
  std::map<std::string, message> retained_;
  std::vector<flight> flights_;
};

} // namespace carillon::cluster
