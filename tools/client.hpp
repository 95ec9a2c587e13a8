#pragma once

#include "carillon/expected.hpp"
#include "carillon/value.hpp"
#include "tools/cli.hpp"
#include "values/percent.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::tools {

/// What a daemon answered.
struct reply {
  int status = 0;
  value body = {};
  std::string text = {};                           ///< The body as it came.
  std::map<std::string, std::string> headers = {}; ///< By lower-case name.
};

/// A daemon, by HTTP over loopback or a Unix socket.
class client {
public:
  /// Finds the daemon and the token. Errors: unavailable (no daemon known), invalid_argument.
  static expected<client> open(const session& s);

  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  /// Answers of success come back; problems become errors with the errc that fits their status.
  /// Errors: unavailable (nobody answers), and what the daemon says.
  expected<reply> get(const std::string& target);
  expected<reply> send(const std::string& method, const std::string& target,
                       const std::string& body = {},
                       const std::map<std::string, std::string>& headers = {});

  /// All items of a paged list, through `each`, until it answers false.
  expected<void> each_item(const std::string& target,
                           const std::function<bool(const value&)>& each);

  /// Follows /v1/events/stream; `each` gets the text of each record until it answers false.
  expected<void> follow(std::uint64_t after, const std::function<bool(const std::string&)>& each);

private:
  struct connection;
  explicit client(std::unique_ptr<connection> self);
  std::unique_ptr<connection> self_;
};

} // namespace carillon::tools
