#include "tests/support/postgres_server.hpp"

#include "stores/postgres_connection.hpp"
#include "stores/postgres_migrations.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto start_max = 60s;

/// Where the server's programs are; empty = not installed.
std::string programs() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", ignored})
    if (fs::exists(version.path() / "bin" / "postgres"))
      found.push_back((version.path() / "bin").string());
  std::sort(found.begin(), found.end());
  return found.empty() ? std::string{} : found.back();
}

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "postgres_server: %s\n", what.c_str());
  std::exit(1);
}

/// Who the server runs as: it refuses to be root.
const passwd* server_user() {
  if (::geteuid() != 0)
    return nullptr;
  const auto* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

/// Runs a program as the server's user, its output in DIRECTORY/log. It dies with us.
pid_t spawn(const std::string& directory, std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto log = directory + "/log";
  const auto* user = server_user();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0)
    return child;
  if (user != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  // SIGQUIT is the server's immediate shutdown.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent)
    ::_exit(126);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  if (::chdir(directory.c_str()) != 0)
    ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

} // namespace

bool postgres_server::available() { return !programs().empty(); }

postgres_server::postgres_server() {
  directory_ = (fs::temp_directory_path() / "carillon-pg-XXXXXX").string();
  if (::mkdtemp(directory_.data()) == nullptr)
    give_up("no directory " + directory_);
  if (const auto* user = server_user(); user != nullptr)
    if (::chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0)
      give_up("no chown of " + directory_);
  const auto made =
      spawn(directory_, {programs() + "/initdb", "-D", directory_ + "/data", "-U", "postgres",
                         "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"});
  int status = 0;
  if (::waitpid(made, &status, 0) != made || status != 0)
    give_up("initdb: see " + directory_ + "/log");
  start();
}

postgres_server::~postgres_server() {
  if (process_ > 0) {
    ::kill(process_, SIGCONT);
    ::kill(process_, SIGQUIT);
    ::waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string postgres_server::url(const std::string& schema, const std::string& role) const {
  return "postgres://" + role + "@/postgres?host=" + directory_ + "&schema=" + schema;
}

void postgres_server::kill() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void postgres_server::signal(int number) { ::kill(process_, number); }

void postgres_server::start() {
  const auto until = std::chrono::steady_clock::now() + start_max;
  const auto url = stores::parse_postgres_url(this->url("carillon"));
  while (std::chrono::steady_clock::now() < until) {
    // After a kill, it does not start before the children of the old one are gone.
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) == process_)
      process_ = -1;
    if (process_ < 0)
      process_ = spawn(directory_,
                       {programs() + "/postgres", "-D", directory_ + "/data", "-k", directory_,
                        "-c", "listen_addresses=", "-c", "shared_buffers=32MB", "-c",
                        "max_connections=60", "-c", "fsync=off"}); // a killed process needs no disk
    if (stores::postgres_connection::open(*url, stores::postgres_connection::purpose::writing))
      return;
    std::this_thread::sleep_for(50ms);
  }
  give_up("the server does not answer: see " + directory_ + "/log");
}

postgres_server& shared_postgres() {
  static postgres_server server;
  return server;
}

std::string fresh_postgres_log() {
  static int count = 0;
  auto url = shared_postgres().url("log_" + std::to_string(++count));
  if (auto migrated = stores::migrate_postgres(url); !migrated)
    give_up("migrate: " + migrated.error().message);
  return url;
}

} // namespace carillon::testing

/// libpqxx 6.4 forgets the answer (2 kB) of a call during which the connection broke. Only looked
/// at under LeakSanitizer.
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult\n"; }
