#include "stores/block.hpp"
#include "stores/known_ids.hpp"
#include "stores/logs.hpp"
#include "stores/postgres_link.hpp"
#include "stores/postgres_request.hpp"
#include "stores/postgres_sessions.hpp"
#include "stores/postgres_snapshots.hpp"
#include "stores/sha256.hpp"
#include "values/crash_point.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

namespace carillon::stores {
namespace {

constexpr std::size_t blob_bytes_max = std::size_t{64} << 20;
// How far back commits are recognised by a writer that has just begun.
constexpr std::int64_t reread_bytes_max = std::int64_t{4} << 20;
// How many positions may pass by before the writer asks for the commit ids in them.
constexpr position unseen_max = 4096;
constexpr std::size_t catch_up_bytes = std::size_t{1} << 20;

/// How long one call may take before its connection counts as lost. Tools look through whole logs.
duration call_max(const log_options& options) {
  return options.read_only ? duration{std::chrono::hours{1}} : 4 * options.patience;
}

// What the server's append says about itself. As in stores/migrations/0002_append.sql.
enum class append_status : std::int64_t { judged = 0, fenced = 1, detached = 2, unseen = 3 };

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

time_point to_time(std::int64_t microseconds) { return time_point{duration{microseconds}}; }

postgres_params positions(std::initializer_list<std::uint64_t> list) {
  postgres_params out;
  for (auto v : list)
    out.number(static_cast<std::int64_t>(v));
  return out;
}

/// One row per block under one locked row that is the head. The server judges guards, seals the
/// block and keeps the time; see stores/migrations/0002_append.sql.
class postgres_log final : public event_log {
public:
  postgres_log(const postgres_url& url, const log_options& options)
      : options_{options}, identity_{std::make_shared<postgres_identity>()},
        writer_{url, postgres_connection::purpose::writing, identity_, call_max(options)},
        reader_{url, postgres_connection::purpose::reading, identity_, call_max(options)} {
    if (!options.read_only)
      sessions_ = make_postgres_sessions(url, identity_, options.patience);
  }

  expected<void> open() {
    auto state = reader_.state(deadline());
    if (!state)
      return pass(state);
    head_ = state->head;
    if (options_.read_only)
      return {};
    auto row = reader_.call("read_tail($1::bigint)",
                            positions({static_cast<std::uint64_t>(reread_bytes_max)}), deadline());
    if (!row)
      return pass(row);
    ids_.start(static_cast<position>(row->number(0, 0)));
    return catch_up_ids();
  }

  expected<session> open_session(const node_id& node) override {
    if (auto usable = check_usable(); !usable)
      return pass(usable);
    return sessions_->open({.node = node});
  }

  expected<append_result> append(const session& who, time_point,
                                 std::span<const commit> commits) override {
    if (auto usable = check_usable(); !usable)
      return pass(usable);
    append_result result{std::vector<outcome>(commits.size()), head_};
    std::vector<std::size_t> open(commits.size());
    std::iota(open.begin(), open.end(), std::size_t{0});
    if (auto settled = settle_doubt(who, commits, open, result); !settled)
      return pass(settled);
    // A second round for those that had no room beside commits that did not pass.
    for (bool more = true; more && !open.empty();) {
      if (head_.at > ids_.seen() + unseen_max)
        if (auto caught = catch_up_ids(); !caught)
          return pass(caught);
      auto request = ids_.with([&](const recent_commits& recent, position seen) {
        return postgres_request{commits, open, recent, seen, result.outcomes};
      });
      if (request.asked().empty())
        break;
      if (result.first != 0) { // what was in doubt has its block: one append, one block
        for (auto index : request.asked())
          result.outcomes[index] = {.kind = outcome_kind::full};
        break;
      }
      const offer current{++number_, who.token, head_.at, request.content(), request.asked()};
      if (auto sent = send(who, request, current, result); !sent)
        return pass(sent);
      more = result.first == 0 && !request.full().empty();
      open = request.full();
    }
    result.after = head_;
    return result;
  }

  expected<std::vector<block>> read(position after, std::size_t bytes_max) override {
    auto raw = read_raw(after, bytes_max);
    if (!raw)
      return pass(raw);
    std::vector<block> result;
    for (const auto& r : *raw) {
      auto decoded = decode_block(r.bytes, r.last);
      if (!decoded)
        return pass(decoded);
      const auto expected_first =
          result.empty() ? after + 1 : result.back().first + result.back().count;
      if (result.empty()
              ? decoded->first > expected_first
              : decoded->first != expected_first || decoded->previous != result.back().hash)
        return refuse(errc::corrupt, fmt::format("block at position {} does not continue the one "
                                                 "before",
                                                 decoded->first));
      learn(*decoded);
      identity_->know(r.last, decoded->hash);
      result.push_back(std::move(*decoded));
    }
    return result;
  }

  expected<std::vector<raw_block>> read_raw(position after, std::size_t bytes_max) override {
    const std::lock_guard hold{reader_mutex_};
    return read_through(reader_, after, bytes_max);
  }

  expected<stores::head> head() override {
    const std::lock_guard hold{reader_mutex_};
    auto state = reader_.state(deadline());
    return state ? expected<stores::head>{state->head} : pass(state);
  }

  expected<stores::base> base() override {
    const std::lock_guard hold{reader_mutex_};
    auto state = reader_.state(deadline());
    return state ? expected<stores::base>{state->base} : pass(state);
  }

  expected<blob_ref> put_blob(std::string_view bytes) override {
    if (bytes.size() > blob_bytes_max)
      return refuse(errc::limit_exceeded, fmt::format("blob of {} bytes: at most {} are kept",
                                                      bytes.size(), blob_bytes_max));
    if (auto usable = check_usable(); !usable)
      return pass(usable);
    postgres_params params;
    params.text(bytes);
    stats_.syncs += 1;
    if (auto put = writer_.call("put_blob($1::bytea)", params, deadline()); !put)
      return pass(put);
    return blob_ref{sha256({bytes}), bytes.size()};
  }

  expected<std::string> get_blob(const blob_ref& ref) override {
    postgres_params params;
    params.text(bytes_of(ref.digest));
    const std::lock_guard hold{reader_mutex_};
    auto row = reader_.call("get_blob($1::bytea)", params, deadline());
    if (!row)
      return pass(row);
    if (row->is_null(0, 0))
      return refuse(errc::not_found, "no blob " + to_hex(ref.digest));
    auto bytes = row->bytes(0, 0);
    if (sha256({bytes}) != ref.digest)
      return refuse(errc::corrupt,
                    fmt::format("blob {} is not what was written", to_hex(ref.digest)));
    return bytes;
  }

  expected<void> put_snapshot(const snapshot& s) override {
    if (auto usable = check_usable(); !usable)
      return usable;
    return put_postgres_snapshot(writer_, s, options_.patience);
  }

  expected<std::optional<snapshot>> load_snapshot() override {
    const std::lock_guard hold{reader_mutex_};
    return load_postgres_snapshot(reader_, options_.patience);
  }

  expected<void> drop_before(position at) override {
    if (auto usable = check_usable(); !usable)
      return usable;
    auto row = writer_.call("drop_before($1::bigint)", positions({at}), deadline());
    if (!row)
      return pass(row);
    if (row->number(0, 0) == 1)
      return not_the_end_of_a_block(at);
    if (row->number(0, 0) == 2)
      return no_snapshot_covers(at, static_cast<position>(row->number(0, 1)));
    return {};
  }

  expected<std::optional<storage_damage>> find_damage() override {
    const std::lock_guard hold{reader_mutex_};
    auto row = reader_.call("find_gap()", {}, deadline());
    if (!row)
      return pass(row);
    if (row->is_null(0, 0))
      return std::optional<storage_damage>{};
    const auto at = static_cast<position>(row->number(0, 0)) + 1;
    return std::optional{storage_damage{
        at, fmt::format("the block at position {} is missing or does not continue the log", at)}};
  }

  log_stats stats() const override { return stats_; }
  bool recovers() const override { return true; }
  session_store* sessions() override { return sessions_.get(); }

  void learn(const block& b) override {
    std::vector<std::pair<commit_id, position>> commits;
    commits.reserve(b.commits.size());
    for (const auto& c : b.commits)
      commits.emplace_back(c.id, c.first);
    ids_.note(b.first, b.first + b.count - 1, commits);
  }

private:
  /// What is sent as one append, so that its repetition is recognised.
  struct offer {
    std::int64_t number = 0;
    std::uint64_t token = 0;
    position after = 0; ///< Its block, if there is one, lies behind.
    digest content{};
    std::vector<std::size_t> asked = {};
  };

  postgres_link::clock::time_point deadline() const {
    return postgres_link::clock::now() + options_.patience;
  }

  expected<void> check_usable() const {
    if (options_.read_only)
      return refuse(errc::unsupported, "the log was opened to be read only");
    return {};
  }

  static expected<std::vector<raw_block>> read_through(postgres_link& link, position after,
                                                       std::size_t bytes_max, duration patience) {
    auto rows = link.call("read_blocks($1::bigint, $2::bigint)", positions({after, bytes_max}),
                          postgres_link::clock::now() + patience);
    if (!rows && rows.error().code == errc::gone)
      return gone_before(std::strtoull(rows.error().message.c_str(), nullptr, 10), after);
    if (!rows)
      return pass(rows);
    std::vector<raw_block> result;
    for (std::size_t i = 0; i < rows->size(); ++i)
      result.push_back({static_cast<position>(rows->number(i, 0)), rows->bytes(i, 2)});
    return result;
  }

  expected<std::vector<raw_block>> read_through(postgres_link& link, position after,
                                                std::size_t bytes_max) const {
    return read_through(link, after, bytes_max, options_.patience);
  }

  /// Reads the commit ids that others have added since.
  expected<void> catch_up_ids() {
    for (;;) {
      auto raw = read_through(writer_, ids_.seen(), catch_up_bytes);
      if (!raw)
        return pass(raw);
      if (raw->empty())
        return {};
      for (const auto& r : *raw) {
        auto opened = open_block(r.bytes, r.last);
        if (!opened)
          return pass(opened);
        auto commits = commits_of(*opened);
        if (!commits)
          return pass(commits);
        ids_.note(opened->header.first, r.last, *commits);
      }
    }
  }

  /// When the answer to the offer before was lost and this is the same: asks what became of it, and
  /// leaves in `open` what it did not hold.
  expected<void> settle_doubt(const session& who, std::span<const commit> commits,
                              std::vector<std::size_t>& open, append_result& result) {
    if (!doubt_ || doubt_->token != who.token || doubt_->asked.back() >= commits.size())
      return {};
    const recent_commits none;
    postgres_request request{commits, doubt_->asked, none, ids_.seen(), result.outcomes};
    if (request.content() != doubt_->content)
      return {};
    const auto again = *doubt_;
    if (auto sent = send(who, request, again, result); !sent)
      return sent;
    std::erase_if(open, [&](std::size_t i) {
      return std::find(again.asked.begin(), again.asked.end(), i) != again.asked.end();
    });
    return {};
  }

  /// Sends until there is an answer, and writes it into `result`.
  expected<void> send(const session& who, postgres_request& request, const offer& current,
                      append_result& result) {
    const auto until = deadline();
    for (;;) {
      auto connection = writer_.get(until);
      if (!connection)
        return pass(connection);
      if (attached_.generation != writer_.generation() || attached_.token != who.token) {
        auto found = attach(**connection, who, current);
        if (!found && found.error().code == errc::unavailable && writer_.pause(until))
          continue;
        if (!found)
          return pass(found);
        if (*found)
          return take(request, **found, result);
      }
      stats_.syncs += 1;
      crash_point("log.before_write");
      auto row = (*connection)
                     ->call(writer_.statement(append_call),
                            request.params({who.token, attached_.epoch, current.number}));
      crash_point("log.after_write");
      if (!row) {
        if ((*connection)->is_lost())
          doubt_ = current;
        if (row.error().code != errc::unavailable || !writer_.pause(until))
          return pass(row);
        continue;
      }
      const auto status = static_cast<append_status>(row->number(0, 0));
      if (status == append_status::detached) {
        attached_ = {};
        continue;
      }
      if (status == append_status::unseen) {
        if (auto caught = catch_up_ids(); !caught)
          return caught;
        return refuse(errc::unavailable, "the log went on too far while its commits were read");
      }
      doubt_.reset();
      if (status == append_status::fenced) {
        request.fence();
        return {};
      }
      return take(request, answer_of(*row, 1), result);
    }
  }

  /// From the columns of `append` or `find_append`, of which `first` is the first.
  static postgres_answer answer_of(const postgres_result& row, std::size_t first) {
    const auto hash_at = [&](std::size_t column) {
      const auto bytes = row.bytes(0, column);
      return bytes.size() == sizeof(digest) ? to_digest(bytes) : digest{};
    };
    return {.after = {.at = static_cast<position>(row.number(0, first + 1)),
                      .hash = hash_at(first + 3),
                      .time = to_time(row.number(0, first + 2))},
            .first = static_cast<position>(row.number(0, first)),
            .refused = row.numbers(0, first + 4),
            .previous = hash_at(first + 5),
            .header = row.bytes(0, first + 6)};
  }

  /// Makes this connection the one that appends for `who`. When an offer is in doubt, says what
  /// became of it: none = it never arrived, and cannot any more.
  expected<std::optional<postgres_answer>> attach(postgres_connection& connection,
                                                  const session& who, const offer& current) {
    auto epoch = connection.call(writer_.statement("attach($1::bigint)"), positions({who.token}));
    if (!epoch)
      return pass(epoch);
    if (doubt_ && doubt_->number == current.number) {
      auto row = connection.call(
          writer_.statement("find_append($1::bigint, $2::bigint, $3::bigint)"),
          positions({who.token, static_cast<std::uint64_t>(current.number), current.after}));
      if (!row)
        return pass(row);
      if (row->size() > 0 && !row->is_null(0, 0)) {
        doubt_.reset();
        attached_ = {writer_.generation(), who.token, epoch->number(0, 0)};
        return std::optional{answer_of(*row, 0)};
      }
    }
    attached_ = {writer_.generation(), who.token, epoch->number(0, 0)};
    return std::optional<postgres_answer>{};
  }

  /// Applies the server's answer.
  expected<void> take(postgres_request& request, const postgres_answer& answer,
                      append_result& result) {
    auto unlocated = request.apply(answer);
    identity_->know(answer.after.at, answer.after.hash);
    head_ = answer.after;
    result.first = answer.first;
    result.previous = answer.previous;
    if (answer.first != 0) {
      result.bytes = request.block_bytes(answer);
      stats_.blocks += 1;
      stats_.bytes += request.size();
      ids_.note(answer.first, answer.after.at, request.appended());
    }
    for (auto index : unlocated)
      if (auto located = locate(request.id_of(index), result.outcomes[index]); !located)
        return located;
    return {};
  }

  /// `found.at` is the last position of a block that has the commit: finds its first.
  expected<void> locate(const commit_id& id, outcome& found) {
    auto raw = read_through(writer_, found.at - 1, 1);
    if (!raw)
      return pass(raw);
    if (raw->empty())
      return {};
    auto opened = open_block(raw->front().bytes, raw->front().last);
    if (!opened)
      return pass(opened);
    auto commits = commits_of(*opened);
    if (!commits)
      return pass(commits);
    for (const auto& [other, first] : *commits)
      if (other == id) {
        found.at = first;
        ids_.note(first, first, {{id, first}});
        return {};
      }
    // Only the 64-bit hashes of two ids are equal.
    found = {.kind = outcome_kind::conflict, .at = found.at, .conflicting = commit_key(id)};
    return {};
  }

  struct attachment {
    std::uint64_t generation = 0;
    std::uint64_t token = 0;
    std::int64_t epoch = 0;
  };

  log_options options_;
  std::shared_ptr<postgres_identity> identity_;
  postgres_link writer_;
  std::mutex reader_mutex_;
  postgres_link reader_;
  std::unique_ptr<session_store> sessions_;
  known_ids ids_;
  attachment attached_;
  std::optional<offer> doubt_; ///< The answer to it was lost.
  std::int64_t number_ = 0;    ///< Of the last append; counted from 1.
  stores::head head_;          ///< As the last answer said.
  log_stats stats_;
};

} // namespace

expected<std::unique_ptr<event_log>> open_postgres_log(std::string_view url,
                                                       const log_options& options) {
  auto parsed = parse_postgres_url(url);
  if (!parsed)
    return pass(parsed);
  auto log = std::make_unique<postgres_log>(*parsed, options);
  if (auto opened = log->open(); !opened)
    return pass(opened);
  return std::unique_ptr<event_log>{std::move(log)};
}

} // namespace carillon::stores
