#pragma once

#include <string>

#include <sys/types.h>

namespace carillon::testing {

/// A PostgreSQL server of our own in a directory of our own, reachable by a socket there only. It
/// goes with its object, and with this process when that is killed. Made from the main thread.
class postgres_server {
public:
  /// Is PostgreSQL installed?
  static bool available();

  /// Makes a database and starts the server. Ends the process with a message when that fails.
  postgres_server();
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  /// As its superuser, or another role; `schema` need not be there.
  std::string url(const std::string& schema, const std::string& role = "postgres") const;

  /// SIGKILL for the postmaster; its children follow by themselves.
  void kill();
  /// Starts it again, and waits until it answers.
  void start();
  /// SIGSTOP or SIGCONT, say, for the postmaster.
  void signal(int number);

private:
  std::string directory_;
  pid_t process_ = -1;
};

/// The server that a test program shares, started when it is first asked for.
postgres_server& shared_postgres();

/// A log's URL in a fresh schema of the shared server, migrated.
std::string fresh_postgres_log();

} // namespace carillon::testing
