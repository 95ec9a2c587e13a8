#pragma once

#include "carillon/scheduler.hpp"
#include "http/routes.hpp"

#include <catch2/catch.hpp>

namespace carillon::http {

/// An engine on a log in memory that is not started: commands and reads work, nothing runs.
struct engine_fixture {
  engine_fixture() : engine{open()} {}

  static scheduler open() {
    auto made = scheduler::open({.log = "memory:", .node = "test", .cleanup_interval = {}});
    REQUIRE(made);
    return std::move(*made);
  }

  response ask(const std::string& method, const std::string& target, const std::string& body = {},
               std::map<std::string, std::string> headers = {}, bool is_trusted = true) {
    return dispatch(engine, {method, target, std::move(headers), body}, is_trusted);
  }
  value answer(const std::string& method, const std::string& target, const std::string& body = {}) {
    const auto out = ask(method, target, body);
    INFO(method << ' ' << target << " -> " << out.status << ' ' << out.body);
    REQUIRE(out.status < 300);
    auto read = parse_json(out.body);
    REQUIRE(read);
    return *std::move(read);
  }

  scheduler engine;
};

/// A member of an object; null when absent.
inline value field(const value& object, const std::string& name) {
  const auto* held = object.get_if<value::object>();
  if (!held)
    return {};
  const auto found = held->find(name);
  return found == held->end() ? value{} : found->second;
}

inline std::string header(const response& r, const std::string& name) {
  for (const auto& [key, text] : r.headers)
    if (key == name)
      return text;
  return {};
}

} // namespace carillon::http
