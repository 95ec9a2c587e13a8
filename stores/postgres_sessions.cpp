#include "stores/postgres_sessions.hpp"

#include "stores/bytes.hpp"

#include <fmt/core.h>

#include <mutex>
#include <random>

namespace carillon::stores {
namespace {

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

time_point to_time(std::int64_t microseconds) { return time_point{duration{microseconds}}; }

void put(postgres_params& out, const announcement& what) {
  out.text(what.role).texts(what.tasks).texts(what.executors).texts(what.labels);
  out.small(static_cast<std::int32_t>(what.level)).text(what.address);
}

unexpected<error> lost(const session& who) {
  return refuse(errc::lease_lost,
                fmt::format("session {} of node '{}' has expired or was taken over", who.token,
                            who.node.value));
}

class postgres_sessions final : public session_store {
public:
  postgres_sessions(const postgres_url& url, std::shared_ptr<postgres_identity> identity,
                    duration patience)
      : link_{url, postgres_connection::purpose::writing, std::move(identity), patience},
        patience_{patience} {}

  expected<session> open(const session_request& request) override {
    if (auto usable = check(request); !usable)
      return unexpected<error>{std::move(usable).error()};
    std::string header;
    put_text(header, request.node.value);
    // A call whose answer was lost is repeated: the nonce tells it from another holder's.
    std::random_device random;
    auto nonce = static_cast<std::int64_t>(std::uint64_t{random()} << 32 | random());
    postgres_params params;
    params.text(request.node.value).number(request.ttl.count());
    params.number(static_cast<std::int64_t>(request.previous)).number(nonce).text(header);
    put(params, request.what);
    auto row = call("session_open($1::text, $2::bigint, $3::bigint, $4::bigint, $5::bytea, "
                    "$6::text, $7::text[], $8::text[], $9::text[], $10::int, $11::text)",
                    params);
    if (!row)
      return pass(row);
    auto token = static_cast<std::uint64_t>(row->number(0, 0));
    if (token == 0)
      return refuse(errc::conflict,
                    fmt::format("node '{}' is held by session {} for another {} ms",
                                request.node.value, row->number(0, 1),
                                (row->number(0, 2) - row->number(0, 3)) / 1000 + 1),
                    "node");
    return session{request.node, token};
  }

  expected<time_point> renew(const session& who) override {
    auto row = call("session_renew($1::bigint)", token_of(who));
    if (!row)
      return pass(row);
    if (row->number(0, 0) == 0)
      return lost(who);
    return to_time(row->number(0, 0));
  }

  expected<void> announce(const session& who, const announcement& what) override {
    auto params = token_of(who);
    put(params, what);
    auto row = call("session_announce($1::bigint, $2::text, $3::text[], $4::text[], $5::text[], "
                    "$6::int, $7::text)",
                    params);
    if (!row)
      return pass(row);
    if (row->text(0, 0) != "t")
      return lost(who);
    return {};
  }

  expected<void> close(const session& who) override {
    auto row = call("session_close($1::bigint)", token_of(who));
    return row ? expected<void>{} : expected<void>{pass(row)};
  }

  expected<session_list> list() override {
    auto rows = call("session_list()", {});
    if (!rows)
      return pass(rows);
    session_list out{.now = to_time(rows->number(0, 0))};
    for (std::size_t i = 0; i < rows->size(); ++i) {
      if (rows->is_null(i, 1))
        continue; // there is none: the row tells the time
      auto& record = out.sessions.emplace_back();
      record.node = node_id{std::string{rows->text(i, 1)}};
      record.token = static_cast<std::uint64_t>(rows->number(i, 2));
      record.opened = to_time(rows->number(i, 3));
      record.expires = to_time(rows->number(i, 4));
      record.expired = record.expires <= out.now;
      record.what = {.role = std::string{rows->text(i, 5)},
                     .tasks = rows->texts(i, 6),
                     .executors = rows->texts(i, 7),
                     .labels = rows->texts(i, 8),
                     .level = static_cast<std::uint32_t>(rows->number(i, 9)),
                     .address = std::string{rows->text(i, 10)}};
    }
    return out;
  }

private:
  static postgres_params token_of(const session& who) {
    postgres_params out;
    out.number(static_cast<std::int64_t>(who.token));
    return out;
  }

  expected<postgres_result> call(std::string_view sql, const postgres_params& params) {
    const std::lock_guard hold{mutex_};
    return link_.call(sql, params, postgres_link::clock::now() + patience_);
  }

  std::mutex mutex_;
  postgres_link link_;
  duration patience_;
};

} // namespace

std::unique_ptr<session_store> make_postgres_sessions(const postgres_url& url,
                                                      std::shared_ptr<postgres_identity> identity,
                                                      duration patience) {
  return std::make_unique<postgres_sessions>(url, std::move(identity), patience);
}

} // namespace carillon::stores
