#include "stores/appender.hpp"
#include "stores/bytes.hpp"
#include "stores/durable_mark.hpp"
#include "stores/event_log.hpp"
#include "stores/holder.hpp"
#include "stores/keyed_commits.hpp"
#include "stores/logs.hpp"
#include "stores/rocks.hpp"
#include "stores/rocks_snapshots.hpp"
#include "stores/sha256.hpp"
#include "values/crash_point.hpp"

#include <fmt/core.h>

#include <sys/statvfs.h>

#include <chrono>

namespace carillon::stores {
namespace {

// On disk since 0.1: names of families and keys never change.
enum family : std::size_t { blocks, blobs, commits, snapshots, about };
constexpr std::string_view base_key = "base";
constexpr std::string_view session_key = "session";

// Free space that is left to the database's own work: below it nothing more is accepted.
constexpr std::uint64_t free_bytes_min = std::uint64_t{16} << 20;
// How old the durable mark may be.
constexpr std::chrono::seconds mark_age_max{1};
// How far back commits without an idempotency key are recognised after a restart.
constexpr std::size_t reread_commits_max = 20'000;
constexpr std::size_t reread_bytes_max = std::size_t{4} << 20;
constexpr std::size_t blob_bytes_max = std::size_t{64} << 20;

std::vector<rocks_family> families() {
  return {{.name = "blocks"},
          {.name = "blobs", .point_lookups = true},
          {.name = "commits", .point_lookups = true},
          {.name = "snapshots"},
          {.name = "about"}};
}

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

std::string encode_base(const stores::base& b) {
  auto bytes = big_endian(b.at);
  bytes.append(bytes_of(b.hash));
  return bytes + big_endian(static_cast<std::uint64_t>(b.time.time_since_epoch().count()));
}

expected<stores::base> decode_base(std::string_view bytes) {
  if (bytes.size() != 8 + sizeof(digest) + 8)
    return refuse(errc::corrupt, fmt::format("base record has {} bytes", bytes.size()));
  auto time = from_big_endian(bytes.substr(8 + sizeof(digest)));
  return stores::base{from_big_endian(bytes.substr(0, 8)), to_digest(bytes.substr(8)),
                      time_point{duration{static_cast<std::int64_t>(time)}}};
}

/// One value per block, under the position of its last record: what follows a position is one seek
/// away. Files: log/ (RocksDB), mark, holder; history/ belongs to the history store.
class rocksdb_log final : public event_log {
public:
  rocksdb_log(std::string directory, const log_options& options)
      : directory_{std::move(directory)}, options_{options} {}

  ~rocksdb_log() override {
    if (options_.read_only || !mark_)
      return;
    // A log that broke keeps its last good mark; a healthy one leaves nothing to replay.
    if (!broken_ && db_->flush())
      (void)write_mark();
    std::remove(holder_path().c_str());
  }

  expected<void> open() {
    auto db = rocks::open({.directory = directory_ + "/log",
                           .families = families(),
                           .read_only = options_.read_only,
                           .accept_data_loss = options_.accept_data_loss});
    if (!db && db.error().code == errc::conflict)
      return refuse(errc::conflict,
                    fmt::format("{} is held by {}; one process at a time may have it open",
                                directory_, describe_holder(holder_path())));
    if (!db)
      return pass(db);
    db_ = std::move(*db);
    snapshots_.emplace(*db_, family::snapshots);
    if (auto loaded = load_ends(); !loaded)
      return loaded;
    if (options_.read_only)
      return {};
    if (auto checked = check_mark(); !checked)
      return checked;
    if (auto reread = reread_commits(); !reread)
      return reread;
    return write_holder(holder_path(), {});
  }

  expected<session> open_session(const node_id& node) override {
    if (auto usable = check_usable(); !usable)
      return pass(usable);
    auto token = appender_.session() + 1;
    auto batch = db_->batch();
    batch.put(family::about, session_key, big_endian(token));
    if (auto written = write(batch, true); !written)
      return pass(written);
    appender_.set_session(token);
    if (auto held = write_holder(holder_path(), node); !held)
      return pass(held);
    return session{node, token};
  }

  expected<append_result> append(const session& who, time_point now,
                                 std::span<const commit> list) override {
    if (auto usable = check_usable(); !usable)
      return pass(usable);
    auto older = [this](const commit& c) {
      return keyed_.find(*db_, c, appender_.head().time);
    };
    auto pending = appender_.prepare(who, now, list, older);
    if (!pending)
      return pass(pending);
    if (pending->first == 0)
      return append_result{std::move(pending->outcomes), pending->after};
    if (auto written = write_block(*pending); !written) {
      appender_.withdraw(*pending);
      return pass(written);
    }
    const auto previous = appender_.head().hash;
    appender_.accept(*pending);
    stats_.blocks += 1;
    stats_.bytes += pending->bytes.size();
    if (std::chrono::steady_clock::now() - marked_ >= mark_age_max)
      broken_ = broken_ || !write_mark();
    return append_result{std::move(pending->outcomes), pending->after, pending->first, previous};
  }

  expected<std::vector<block>> read(position after, std::size_t bytes_max) override {
    std::vector<block> result;
    auto visit = [&](position last, std::string_view bytes) -> expected<void> {
      auto decoded = decode_block(bytes, last);
      if (!decoded)
        return pass(decoded);
      if (!result.empty() && (decoded->first != result.back().first + result.back().count ||
                              decoded->previous != result.back().hash))
        return refuse(errc::corrupt, fmt::format("block at position {} does not continue the one "
                                                 "before", decoded->first));
      result.push_back(std::move(*decoded));
      return {};
    };
    auto visited = visit_blocks(after, bytes_max, visit);
    if (!visited)
      return pass(visited);
    return result;
  }

  expected<std::vector<raw_block>> read_raw(position after, std::size_t bytes_max) override {
    std::vector<raw_block> result;
    auto visit = [&](position last, std::string_view bytes) -> expected<void> {
      result.push_back({last, std::string{bytes}});
      return {};
    };
    auto visited = visit_blocks(after, bytes_max, visit);
    // What could be read comes first; the damage is met again by the next call.
    if (!visited && result.empty())
      return pass(visited);
    return result;
  }

  expected<stores::head> head() override { return appender_.head(); }
  expected<stores::base> base() override { return base_; }

  expected<blob_ref> put_blob(std::string_view bytes) override {
    if (bytes.size() > blob_bytes_max)
      return refuse(errc::limit_exceeded, fmt::format("blob of {} bytes: at most {} are kept",
                                                      bytes.size(), blob_bytes_max));
    if (auto usable = check_usable(); !usable)
      return pass(usable);
    auto ref = blob_ref{sha256({bytes}), bytes.size()};
    auto known = db_->get(family::blobs, bytes_of(ref.digest));
    if (known && *known)
      return ref;
    auto batch = db_->batch();
    batch.put(family::blobs, bytes_of(ref.digest), bytes);
    // The block that names the blob comes later in the same write-ahead log: its sync covers both.
    if (auto written = write(batch, false); !written)
      return pass(written);
    return ref;
  }

  expected<std::string> get_blob(const blob_ref& ref) override {
    auto found = db_->get(family::blobs, bytes_of(ref.digest));
    if (!found)
      return pass(found);
    if (!*found)
      return refuse(errc::not_found, "no blob " + to_hex(ref.digest));
    if (sha256({**found}) != ref.digest)
      return refuse(errc::corrupt, fmt::format("blob {} is not what was written",
                                               to_hex(ref.digest)));
    return std::move(**found);
  }

  expected<void> put_snapshot(const snapshot& s) override {
    if (auto usable = check_usable(); !usable)
      return usable;
    auto end = end_of_block(s.at);
    if (!end)
      return pass(end);
    if (!*end || (*end)->hash != s.hash)
      return snapshot_of_other_history(s.at);
    return noted(snapshots_->put(s));
  }

  expected<std::optional<snapshot>> load_snapshot() override {
    auto loaded = snapshots_->load();
    if (!loaded || !*loaded)
      return loaded;
    auto end = end_of_block((*loaded)->at);
    if (!end)
      return pass(end);
    if (!*end || (*end)->hash != (*loaded)->hash)
      return std::optional<snapshot>{};
    return loaded;
  }

  expected<void> drop_before(position at) override {
    if (auto usable = check_usable(); !usable)
      return usable;
    auto end = end_of_block(at);
    if (!end)
      return pass(end);
    if (!*end)
      return not_the_end_of_a_block(at);
    auto manifest = snapshots_->manifest();
    if (!manifest)
      return pass(manifest);
    if (!*manifest || (*manifest)->at < at)
      return no_snapshot_covers(at, *manifest ? (*manifest)->at : 0);
    auto batch = db_->batch();
    batch.put(family::about, base_key, encode_base(**end));
    batch.erase_range(family::blocks, big_endian(0), big_endian(at + 1));
    if (auto written = write(batch, true); !written)
      return written;
    base_ = **end;
    return {};
  }

  expected<std::optional<storage_damage>> find_damage() override {
    auto mark = durable_mark::read(mark_path());
    auto at = appender_.head().at;
    if (mark && mark->at > at)
      return std::optional{storage_damage{
          at + 1, fmt::format("the log ends at {}, but was durable up to {}", at, mark->at)}};
    auto damage = db_->find_damage(family::blocks);
    if (!damage)
      return pass(damage);
    if (!*damage)
      return std::optional<storage_damage>{};
    // The file's smallest key ends its first block, which begins behind the block before.
    auto first = from_big_endian((*damage)->smallest_key);
    auto cursor = db_->cursor(family::blocks);
    if (first > 0)
      cursor.seek_back(big_endian(first - 1));
    first = cursor.valid() ? from_big_endian(cursor.key()) + 1 : base_.at + 1;
    return std::optional{storage_damage{first, (*damage)->message}};
  }

  expected<void> catch_up() override {
    if (!options_.read_only)
      return {};
    if (auto caught = db_->catch_up(); !caught)
      return caught;
    return load_ends();
  }

  log_stats stats() const override { return stats_; }

private:
  std::string mark_path() const { return directory_ + "/mark"; }
  std::string holder_path() const { return directory_ + "/holder"; }

  expected<void> check_usable() {
    if (options_.read_only)
      return refuse(errc::unsupported, "the log was opened to be read only");
    if (broken_)
      return refuse(errc::unavailable, "the log is broken since a write or sync did not succeed; "
                                       "restart to recover what was acknowledged");
    struct statvfs disk {};
    if (::statvfs(directory_.c_str(), &disk) == 0 &&
        std::uint64_t{disk.f_bavail} * disk.f_frsize < free_bytes_min) {
      stalled_ = true; // the database's own work may have met the full disk, too
      return refuse(errc::no_space,
                    fmt::format("{} has {} bytes free; at least {} are needed", directory_,
                                std::uint64_t{disk.f_bavail} * disk.f_frsize, free_bytes_min));
    }
    if (!stalled_)
      return {};
    if (auto resumed = db_->resume(); !resumed)
      return refuse(errc::no_space, resumed.error().message);
    stalled_ = false;
    return {};
  }

  /// Remembers what a write's failure means for all that follow.
  expected<void> noted(expected<void> written) {
    if (!written && written.error().code == errc::no_space)
      stalled_ = tail_unsure_ = true;
    else if (!written)
      broken_ = true;
    return written;
  }

  expected<void> write(rocks_batch& batch, bool sync) {
    stats_.syncs += sync ? 1 : 0;
    return noted(db_->write(batch, sync));
  }

  expected<void> write_block(const pending_block& pending) {
    auto batch = db_->batch();
    // After a full disk, part of a refused block may lie in the write-ahead log.
    if (tail_unsure_)
      batch.erase_range(family::blocks, big_endian(pending.first), std::string(9, '\xff'));
    batch.put(family::blocks, big_endian(pending.after.at), pending.bytes);
    keyed_.add(batch, pending);
    if (auto expired = keyed_.expire(*db_, batch, pending.after.time); !expired)
      return expired;
    crash_point("log.before_write");
    auto written = write(batch, true);
    crash_point("log.after_write");
    tail_unsure_ = tail_unsure_ && !written;
    return written;
  }

  expected<void> write_mark() {
    marked_ = std::chrono::steady_clock::now();
    const auto& h = appender_.head();
    if (h.at == marked_position_)
      return {};
    stats_.syncs += 1;
    auto written = mark_->write({h.at, h.hash});
    // A full disk only makes the mark older; appends meet it themselves.
    if (!written && written.error().code != errc::no_space)
      return written;
    marked_position_ = h.at;
    return {};
  }

  /// Calls `visit(last, bytes)` for the blocks after `after`.
  template <class Visit>
  expected<void> visit_blocks(position after, std::size_t bytes_max, Visit visit) {
    if (after < base_.at)
      return gone_before(base_.at, after);
    auto cursor = db_->cursor(family::blocks);
    auto next = after + 1;
    std::size_t bytes = 0;
    for (cursor.seek(big_endian(next)); cursor.valid(); cursor.next()) {
      auto last = from_big_endian(cursor.key());
      if (bytes > 0 && bytes + cursor.value().size() > bytes_max)
        return {};
      bytes += cursor.value().size();
      if (auto visited = visit(last, cursor.value()); !visited)
        return visited;
      next = last + 1;
    }
    if (auto status = cursor.status(); !status)
      return refuse(errc::corrupt, fmt::format("block at position {} cannot be read: {}", next,
                                               status.error().message));
    return {};
  }

  /// The block that ends at `at`, or the base; none when no block ends there.
  expected<std::optional<stores::base>> end_of_block(position at) {
    if (at == base_.at)
      return std::optional{base_};
    auto bytes = db_->get(family::blocks, big_endian(at));
    if (!bytes)
      return pass(bytes);
    if (!*bytes)
      return std::optional<stores::base>{};
    auto opened = open_block(**bytes, at);
    if (!opened)
      return pass(opened);
    return std::optional{stores::base{at, opened->hash, opened->header.time}};
  }

  expected<void> load_ends() {
    auto base = db_->get(family::about, base_key);
    if (!base)
      return pass(base);
    if (*base) {
      auto decoded = decode_base(**base);
      if (!decoded)
        return pass(decoded);
      base_ = *decoded;
    }
    auto token = db_->get(family::about, session_key);
    if (!token)
      return pass(token);
    stores::head head{base_.at, base_.hash, base_.time};
    auto cursor = db_->cursor(family::blocks);
    cursor.seek_last();
    if (cursor.valid()) {
      head.at = from_big_endian(cursor.key());
      auto opened = open_block(cursor.value(), head.at);
      // Who only reads may be here to find out what is wrong.
      if (!opened && !options_.read_only)
        return pass(opened);
      if (opened)
        head = {head.at, opened->hash, opened->header.time};
    } else if (auto status = cursor.status(); !status && !options_.read_only) {
      return status;
    }
    appender_ = appender{head, *token ? from_big_endian(**token) : 0};
    return {};
  }

  expected<void> check_mark() {
    auto mark = durable_mark::open(mark_path());
    if (!mark)
      return pass(mark);
    auto newest = mark->newest();
    auto at = appender_.head().at;
    if (newest && newest->at > at && !options_.accept_data_loss)
      return refuse(errc::corrupt,
                    fmt::format("{} ends at position {}, but was durable up to {}: acknowledged "
                                "records are missing; restore them, or accept the loss with "
                                "--accept-data-loss", directory_, at, newest->at));
    if (newest && newest->at > at) {
      if (auto reset = mark->reset(); !reset)
        return reset;
    } else if (newest && newest->at > base_.at) {
      auto end = end_of_block(newest->at);
      if (!end)
        return pass(end);
      if (!*end || (*end)->hash != newest->hash)
        return refuse(errc::corrupt, fmt::format("{} has another history at position {} than the "
                                                 "one that was marked durable", directory_,
                                                 newest->at));
    }
    mark_.emplace(std::move(*mark));
    marked_position_ = newest && newest->at <= at ? newest->at : 0;
    return write_mark();
  }

  /// Makes the newest commits known again, so that a command repeated across a restart is noticed.
  expected<void> reread_commits() {
    auto cursor = db_->cursor(family::blocks);
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (cursor.seek_last(); cursor.valid(); cursor.previous()) {
      bytes += cursor.value().size();
      if (bytes > reread_bytes_max || count > reread_commits_max)
        return {};
      auto opened = open_block(cursor.value(), from_big_endian(cursor.key()));
      if (!opened)
        return pass(opened);
      auto found = commits_of(*opened);
      if (!found)
        return pass(found);
      count += found->size();
      for (const auto& [id, first] : *found)
        if (!id.empty())
          appender_.remember(id, first);
    }
    return cursor.status();
  }

  std::string directory_;
  log_options options_;
  std::unique_ptr<rocks> db_;
  std::optional<rocks_snapshots> snapshots_;
  std::optional<durable_mark> mark_; ///< None while the log is not, or not to be, written.
  keyed_commits keyed_{family::commits};
  appender appender_{stores::head{}, 0};
  stores::base base_;
  log_stats stats_;
  std::chrono::steady_clock::time_point marked_{};
  position marked_position_ = 0;
  bool broken_ = false;      ///< A write or a sync went wrong: what is on disk is not known.
  bool stalled_ = false;     ///< The disk was full: RocksDB has to be resumed.
  bool tail_unsure_ = false; ///< A refused block may lie behind the head.
};

} // namespace

expected<std::unique_ptr<event_log>> open_rocksdb_log(const std::string& directory,
                                                      const log_options& options) {
  auto log = std::make_unique<rocksdb_log>(directory, options);
  if (auto opened = log->open(); !opened)
    return pass(opened);
  return std::unique_ptr<event_log>{std::move(log)};
}

} // namespace carillon::stores
