#include "stores/postgres_link.hpp"

#include "stores/postgres_migrations.hpp"
#include "stores/sha256.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

namespace carillon::stores {
namespace {

// The wait before an attempt doubles from the first to the last of these.
constexpr std::chrono::milliseconds pause_first{20};
constexpr int doublings_max = 6;

constexpr std::string_view check_in = "check_in($1::bigint)";

time_point to_time(std::int64_t microseconds) { return time_point{duration{microseconds}}; }

digest digest_at(const postgres_result& rows, std::size_t column) {
  auto bytes = rows.bytes(0, column);
  return bytes.size() == sizeof(digest) ? to_digest(bytes) : digest{};
}

/// The schema is not there, or is not what this build needs.
unexpected<error> explained(error why, const std::string& schema) {
  if (why.code != errc::not_found)
    return unexpected<error>{std::move(why)};
  return refuse(errc::unsupported, fmt::format("schema '{}' holds no log ({}): `carillon migrate "
                                               "--log URL` makes one",
                                               schema, why.message));
}

} // namespace

void postgres_identity::know(position at, const digest& hash) {
  const std::lock_guard hold{mutex_};
  if (at > known_.at)
    known_ = {at, hash};
}

postgres_identity::known postgres_identity::newest() const {
  const std::lock_guard hold{mutex_};
  return known_;
}

expected<postgres_state> postgres_identity::check(const postgres_result& answer,
                                                  const known& asked) {
  const std::lock_guard hold{mutex_};
  if (fault_)
    return unexpected<error>{*fault_};
  postgres_state state;
  state.version = static_cast<int>(answer.number(0, 0));
  state.head = {static_cast<position>(answer.number(0, 3)), digest_at(answer, 4),
                to_time(answer.number(0, 5))};
  state.base = {static_cast<position>(answer.number(0, 6)), digest_at(answer, 7),
                to_time(answer.number(0, 8))};
  if (auto same = compare(answer, state, asked); !same) {
    fault_ = same.error();
    return unexpected<error>{std::move(same).error()};
  }
  system_ = answer.text(0, 1);
  timeline_ = answer.number(0, 2);
  if (state.head.at > known_.at)
    known_ = {state.head.at, state.head.hash};
  return state;
}

expected<void> postgres_identity::compare(const postgres_result& answer,
                                          const postgres_state& state, const known& asked) {
  if (!system_.empty() && answer.text(0, 1) != system_)
    return refuse(errc::corrupt, fmt::format("log regressed: the database is another one: system {}"
                                             ", it was {}",
                                             answer.text(0, 1), system_));
  if (answer.number(0, 2) < timeline_)
    return refuse(errc::corrupt,
                  fmt::format("log regressed: the database is on timeline {}, it was "
                              "on {}",
                              answer.number(0, 2), timeline_));
  if (state.head.at < asked.at)
    return refuse(errc::corrupt, fmt::format("log regressed: it ends at position {}, but was known "
                                             "up to {}",
                                             state.head.at, asked.at));
  if (asked.at >= state.base.at && asked.at > 0 && digest_at(answer, 9) != asked.hash)
    return refuse(errc::corrupt, fmt::format("log regressed: position {} has another hash than the "
                                             "one known; the log ends at position {}",
                                             asked.at, state.head.at));
  return {};
}

postgres_link::postgres_link(postgres_url url, postgres_connection::purpose why,
                             std::shared_ptr<postgres_identity> identity, duration call_max)
    : url_{std::move(url)}, why_{why}, identity_{std::move(identity)}, call_max_{call_max} {}

std::string postgres_link::statement(std::string_view sql) const {
  return fmt::format("SELECT * FROM {}.{}", quoted_name(url_.schema), sql);
}

expected<void> postgres_link::connect() {
  connection_.reset();
  auto opened = postgres_connection::open(url_, why_, call_max_);
  if (!opened)
    return unexpected<error>{std::move(opened).error()};
  const auto asked = identity_->newest();
  postgres_params params;
  params.number(static_cast<std::int64_t>(asked.at));
  auto answer = (*opened)->call(statement(check_in), params);
  if (!answer)
    return explained(std::move(answer).error(), url_.schema);
  auto state = identity_->check(*answer, asked);
  if (!state)
    return unexpected<error>{std::move(state).error()};
  const auto needed = static_cast<int>(postgres_migrations().size());
  if (state->version < needed)
    return refuse(errc::unsupported,
                  fmt::format("schema '{}' has version {}, this build needs {}: `carillon migrate "
                              "--log URL` brings it there",
                              url_.schema, state->version, needed));
  connection_ = std::move(*opened);
  ++generation_;
  failures_ = 0;
  return {};
}

bool postgres_link::pause(clock::time_point deadline) {
  auto wait = pause_first * (1 << std::min(failures_++, doublings_max));
  // Between half and all of it: those who lost the same database do not come back as one.
  wait = wait / 2 + std::chrono::milliseconds{jitter_() % (wait.count() / 2 + 1)};
  if (clock::now() + wait >= deadline)
    return false;
  std::this_thread::sleep_for(wait);
  return true;
}

expected<postgres_connection*> postgres_link::get(clock::time_point deadline) {
  if (connection_ && !connection_->is_lost())
    return connection_.get();
  for (;;) {
    auto connected = connect();
    if (connected)
      return connection_.get();
    if (connected.error().code != errc::unavailable || !pause(deadline))
      return unexpected<error>{std::move(connected).error()};
  }
}

expected<postgres_result> postgres_link::call(std::string_view sql, const postgres_params& params,
                                              clock::time_point deadline) {
  const auto text = statement(sql);
  for (;;) {
    auto connection = get(deadline);
    if (!connection)
      return unexpected<error>{std::move(connection).error()};
    auto answer = (*connection)->call(text, params);
    if (answer || answer.error().code != errc::unavailable || !pause(deadline)) {
      failures_ = 0;
      return answer;
    }
  }
}

expected<postgres_state> postgres_link::state(clock::time_point deadline) {
  const auto asked = identity_->newest();
  postgres_params params;
  params.number(static_cast<std::int64_t>(asked.at));
  auto answer = call(check_in, params, deadline);
  if (!answer)
    return unexpected<error>{std::move(answer).error()};
  return identity_->check(*answer, asked);
}

} // namespace carillon::stores
