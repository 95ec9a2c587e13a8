#include "stores/postgres_connection.hpp"

#include <fmt/core.h>
#include <pqxx/pqxx>

#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace carillon::stores {

struct postgres_result::rows {
  pqxx::result result;
};

namespace {

// `lock_timeout`: for the head row, or whatever else.
constexpr std::string_view session_settings =
    "SET lock_timeout = '2s'; SET jit = off; "
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
    "SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'; "
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')";

unexpected<error> unavailable(std::string_view what) {
  return refuse(errc::unavailable, fmt::format("the database is away: {}", what));
}

/// One line of a message that may have several.
std::string_view first_line(std::string_view message) {
  auto line = message.substr(0, message.find('\n'));
  return line.starts_with("ERROR:  ") || line.starts_with("FATAL:  ") ? line.substr(8) : line;
}

/// The SQLSTATE of `e`. libpqxx 6.4 leaves it out of some of its own kinds of error.
std::string state_of(const pqxx::sql_error& e) {
  if (!e.sqlstate().empty())
    return e.sqlstate();
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&e) != nullptr)
    return "42501";
  if (dynamic_cast<const pqxx::undefined_table*>(&e) != nullptr)
    return "42P01";
  if (dynamic_cast<const pqxx::undefined_function*>(&e) != nullptr)
    return "42883";
  if (dynamic_cast<const pqxx::syntax_error*>(&e) != nullptr)
    return "42000";
  if (dynamic_cast<const pqxx::disk_full*>(&e) != nullptr)
    return "53100";
  if (dynamic_cast<const pqxx::insufficient_resources*>(&e) != nullptr)
    return "53000";
  if (dynamic_cast<const pqxx::integrity_constraint_violation*>(&e) != nullptr)
    return "23000";
  if (dynamic_cast<const pqxx::data_exception*>(&e) != nullptr)
    return "22000";
  return {};
}

/// The server ends this connection, or is not there: what was under way is not known.
bool means_lost(std::string_view state) {
  return state.empty() || state.starts_with("08") || state.starts_with("57P");
}

unexpected<error> translated(std::string_view state, std::string_view message) {
  auto text = first_line(message);
  // 55P03: a lock; 57014: a time limit; 40: a deadlock, say; 25006: not the primary; 53300: too
  // many connections.
  if (state == "55P03" || state == "57014" || state == "25006" || state == "53300" ||
      state.starts_with("40"))
    return refuse(errc::unavailable, fmt::format("the database is busy: {}", text));
  if (state == "53100")
    return refuse(errc::no_space, fmt::format("the database has no space: {}", text));
  if (state == "42501")
    return refuse(errc::denied, fmt::format("the database does not permit it: {}", text));
  if (state == "3F000" || state == "42883" || state == "42P01")
    return refuse(errc::not_found, std::string{text});
  if (state == "CL001")
    return refuse(errc::gone, std::string{text});
  return refuse(errc::internal,
                fmt::format("the database refused a statement: {} ({})", text, state));
}

/// Remembers that the server had something to say. In which language it says "warning" is not ours
/// to choose, but less than warnings was not asked for.
class warning_trap final : public pqxx::errorhandler {
public:
  explicit warning_trap(pqxx::connection_base& connection) : pqxx::errorhandler{connection} {}

  bool operator()(const char[]) noexcept override {
    warned = true;
    return false;
  }

  bool warned = false;
};

/// Cuts a connection off when a call over it takes too long.
class call_watch {
public:
  using clock = std::chrono::steady_clock;

  call_watch(int socket, duration call_max)
      : socket_{::dup(socket)}, call_max_{call_max}, thread_{[this] { run(); }} {}
  ~call_watch() {
    set(clock::time_point::max(), true);
    thread_.join();
    ::close(socket_);
  }

  void begin() { set(clock::now() + call_max_, false); }
  void end() { set(clock::time_point::max(), false); }

private:
  void set(clock::time_point until, bool stop) {
    const std::lock_guard hold{mutex_};
    until_ = until;
    stopping_ = stop;
    // A call that begins or ends wakes nobody: the thread looks at the time it knows, and again.
    if (stop)
      changed_.notify_one();
  }

  void run() {
    std::unique_lock hold{mutex_};
    while (!stopping_) {
      if (until_ <= clock::now()) {
        ::shutdown(socket_, SHUT_RDWR);
        until_ = clock::time_point::max();
      }
      // At most one and a half times as long as it may, then.
      changed_.wait_for(hold, call_max_ / 2, [this] { return stopping_; });
    }
  }

  int socket_;
  duration call_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  clock::time_point until_ = clock::time_point::max();
  bool stopping_ = false;
  std::thread thread_;
};

class connection final : public postgres_connection {
public:
  connection(const std::string& url, duration call_max)
      : connection_{url}, trap_{connection_}, watch_{connection_.sock(), call_max} {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Else a lost connection would come back in silence, and with it the settings' defaults.
    connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  }

  expected<postgres_result> call(const std::string& statement,
                                 const postgres_params& params) override {
    return guarded([&] {
      auto [known, is_new] = prepared_.try_emplace(statement, fmt::format("s{}", prepared_.size()));
      if (is_new)
        connection_.prepare(known->second, statement);
      std::vector<pqxx::binarystring> values(params.values().begin(), params.values().end());
      pqxx::nontransaction work{connection_};
      return work.exec_prepared(known->second, pqxx::prepare::make_dynamic_params(values));
    });
  }

  expected<void> run(const std::string& statements) override {
    auto done = guarded([&] {
      pqxx::nontransaction work{connection_};
      return work.exec(statements);
    });
    return done ? expected<void>{} : unexpected<error>{std::move(done).error()};
  }

  bool is_lost() const override { return lost_; }

private:
  /// Runs `body`, and turns what it throws into an error.
  template <class Body> expected<postgres_result> guarded(Body body) {
    if (lost_)
      return unavailable("the connection was lost");
    watch_.begin();
    auto answer = translating(body);
    watch_.end();
    return answer;
  }

  template <class Body> expected<postgres_result> translating(Body& body) {
    try {
      trap_.warned = false;
      auto rows = std::make_shared<postgres_result::rows>(postgres_result::rows{body()});
      // Nothing that we call warns: the server says that it did not wait for its standby.
      if (!trap_.warned)
        return postgres_result{std::move(rows)};
      lost_ = true;
      return unavailable("a commit came with a warning and may not have reached the standby");
    } catch (const pqxx::sql_error& e) {
      if (const auto state = state_of(e); !means_lost(state))
        return translated(state, e.what());
      lost_ = true;
      return unavailable(first_line(e.what()));
    } catch (const std::exception& e) {
      lost_ = true;
      return unavailable(first_line(e.what()));
    }
  }

  pqxx::connection connection_;
  warning_trap trap_;
  call_watch watch_;
  std::map<std::string, std::string> prepared_; ///< Statement to its name.
  bool lost_ = false;
};

} // namespace

std::size_t postgres_result::size() const { return rows_->result.size(); }

bool postgres_result::is_null(std::size_t row, std::size_t column) const {
  return rows_
      ->result[static_cast<pqxx::result::size_type>(row)][static_cast<pqxx::row::size_type>(column)]
      .is_null();
}

std::string_view postgres_result::text(std::size_t row, std::size_t column) const {
  auto field = rows_->result[static_cast<pqxx::result::size_type>(row)]
                            [static_cast<pqxx::row::size_type>(column)];
  return {field.c_str(), field.size()};
}

std::int64_t postgres_result::number(std::size_t row, std::size_t column) const {
  std::int64_t v = 0;
  auto digits = text(row, column);
  std::from_chars(digits.data(), digits.data() + digits.size(), v);
  return v;
}

std::string postgres_result::bytes(std::size_t row, std::size_t column) const {
  // As libpq would, from the form "\x0123": without a copy on the way.
  auto hex = text(row, column);
  std::string out;
  if (!hex.starts_with("\\x"))
    return out;
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  out.resize(hex.size() / 2 - 1);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<char>(digit(hex[2 * i + 2]) << 4 | digit(hex[2 * i + 3]));
  return out;
}

std::vector<std::int64_t> postgres_result::numbers(std::size_t row, std::size_t column) const {
  std::vector<std::int64_t> out;
  auto left = text(row, column);
  while (left.size() > 1) {
    std::int64_t v = 0;
    left.remove_prefix(1); // '{' or ','
    auto end = std::from_chars(left.data(), left.data() + left.size(), v);
    if (end.ec != std::errc{})
      break;
    out.push_back(v);
    left.remove_prefix(static_cast<std::size_t>(end.ptr - left.data()));
  }
  return out;
}

std::vector<std::string> postgres_result::texts(std::size_t row, std::size_t column) const {
  std::vector<std::string> out;
  if (is_null(row, column))
    return out;
  pqxx::array_parser parser{text(row, column).data()};
  for (auto next = parser.get_next(); next.first != pqxx::array_parser::done;
       next = parser.get_next())
    if (next.first == pqxx::array_parser::string_value)
      out.push_back(std::move(next.second));
  return out;
}

expected<std::unique_ptr<postgres_connection>>
postgres_connection::open(const postgres_url& url, purpose why, duration call_max) {
  try {
    auto opened = std::make_unique<connection>(
        why == purpose::writing && url.connect.find("target_session_attrs=") == std::string::npos
            ? url.connect + "&target_session_attrs=read-write"
            : url.connect,
        call_max);
    if (auto set = opened->run(std::string{session_settings}); !set)
      return unexpected<error>{std::move(set).error()};
    return std::unique_ptr<postgres_connection>{std::move(opened)};
  } catch (const std::exception& e) {
    return unavailable(first_line(e.what()));
  }
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (auto c : name)
    out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

} // namespace carillon::stores
