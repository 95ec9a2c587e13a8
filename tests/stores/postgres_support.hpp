#pragma once

#include "stores/postgres_connection.hpp"
#include "stores/sessions.hpp"
#include "stores/verify.hpp"
#include "tests/stores/log_support.hpp"
#include "tests/support/postgres_server.hpp"

#include <map>
#include <string>
#include <vector>

namespace carillon::stores::testing {

using carillon::testing::fresh_postgres_log;
using carillon::testing::postgres_server;
using carillon::testing::shared_postgres;

/// Statements of the database's superuser, in the schema of `url`.
inline void sql(const std::string& url, const std::string& statements) {
  const auto parsed = must(parse_postgres_url(url));
  auto db = must(postgres_connection::open(parsed, postgres_connection::purpose::writing));
  must(db->run("SET search_path = " + quoted_name(parsed.schema)));
  must(db->run(statements));
}

/// One value, as text.
inline std::string sql_value(const std::string& url, const std::string& statement) {
  const auto parsed = must(parse_postgres_url(url));
  auto db = must(postgres_connection::open(parsed, postgres_connection::purpose::writing));
  must(db->run("SET search_path = " + quoted_name(parsed.schema)));
  return std::string{must(db->call(statement, {})).text(0, 0)};
}

/// A log object with a session of its own that nobody has to renew.
struct writer {
  std::unique_ptr<event_log> log;
  session who;

  writer(const std::string& url, const std::string& node,
         duration patience = std::chrono::seconds{30})
      : log{must(open_log(url, {.patience = patience}))},
        who{must(log->sessions()->open({.node = node_id{node}, .ttl = std::chrono::hours{1}}))} {}

  outcome append(commit c) { return append_one(*log, who, std::move(c)); }
};

/// How often each job was added, over a log that is whole.
inline std::map<job_id, int> added_jobs(const std::string& url) {
  auto log = must(open_log(url, {.read_only = true}));
  auto report = must(verify(*log));
  if (report.fault)
    FAIL("at " << report.fault->at << ": " << report.fault->message);
  std::map<job_id, int> out;
  for (const auto& b : read_all(*log))
    for (const auto& c : b.commits)
      for (const auto& e : c.events)
        if (const auto* added = std::get_if<job_added>(&e))
          ++out[added->id];
  return out;
}

} // namespace carillon::stores::testing
