#pragma once

#include "carillon/ids.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The HTTP API without any socket: a request goes in, a response comes out.
namespace carillon::http {

struct request {
  std::string method = "GET";
  std::string target = "/";                        ///< Path and query, percent-encoded as sent.
  std::map<std::string, std::string> headers = {}; ///< By lower-case name.
  std::string body = {};
  std::string from = "api"; ///< Where it came from: "http 127.0.0.1".

  /// The header's value; empty when it is absent.
  std::string_view header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
  }
};

struct response {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Set: no body, but server-sent events after this position.
  std::optional<position> stream_after = {};
};

} // namespace carillon::http
