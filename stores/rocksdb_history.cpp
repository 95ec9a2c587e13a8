#include "events/upcast.hpp"
#include "stores/bytes.hpp"
#include "stores/history_fields.hpp"
#include "stores/history_rules.hpp"
#include "stores/logs.hpp"
#include "stores/rocks.hpp"
#include "values/crash_point.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace carillon::stores {
namespace {

// On disk since 0.1: names of families, keys and index letters never change.
// jobs:    end position -> finished_job            ids: job id -> end position
// index:   letter, key, end position -> nothing    streams: stream key, block -> nothing
enum family : std::size_t { jobs, ids, index, streams, about };
constexpr std::size_t family_count = 5;
constexpr std::string_view checkpoint_key = "checkpoint";
constexpr char by_schedule = 's';
constexpr char by_task = 't';
constexpr char by_outcome = 'o'; // all but success, which is nearly every job

// Ids come in no order: what stays in the processor's cache takes a new one at half the cost.
constexpr std::size_t ids_buffer_bytes = std::size_t{2} << 20;

// How many candidates one page looks at before it is handed out short.
constexpr std::size_t candidates_max = 20'000;

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

std::string_view id_bytes(const job_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

/// Which jobs a part of the index is about.
struct index_name {
  char letter = 0;
  key of = 0;

  auto operator<=>(const index_name&) const = default;
};

index_name name_of(const schedule_id& id) {
  return {by_schedule, stream_key(stream_category::schedule, id.value)};
}
index_name name_of(const task_id& id) {
  return {by_task, stream_key(stream_category::task, id.value)};
}
index_name name_of(job_outcome outcome) { return {by_outcome, static_cast<key>(outcome)}; }

std::string prefix_of(const index_name& name) { return name.letter + big_endian(name.of); }

/// One key of the index: in byte order as in this one.
struct index_entry {
  index_name name = {};
  position end = 0;

  auto operator<=>(const index_entry&) const = default;
};

std::string to_key(const index_entry& e) { return prefix_of(e.name) += big_endian(e.end); }

/// Adds the index entries of a job.
void add_entries(std::vector<index_entry>& out, const finished_job& job) {
  const auto end = job.finished_at_position;
  out.push_back({name_of(job.task), end});
  if (!job.schedule.empty())
    out.push_back({name_of(job.schedule), end});
  if (job.outcome != job_outcome::success)
    out.push_back({name_of(job.outcome), end});
}

/// The narrowest index for a query, by its prefix; empty = all jobs.
std::string best_prefix(const history_query& q) {
  if (q.schedule && !q.schedule->empty())
    return prefix_of(name_of(*q.schedule));
  if (q.outcome && *q.outcome != job_outcome::success)
    return prefix_of(name_of(*q.outcome));
  return q.task ? prefix_of(name_of(*q.task)) : std::string{};
}

class rocksdb_history final : public history_store {
public:
  explicit rocksdb_history(std::unique_ptr<rocks> db) : db_{std::move(db)} {}

  expected<void> apply(position checkpoint, std::span<const finished_job> list,
                       std::span<const stream_touch> touches) override {
    auto batch = db_->batch();
    // In the order of their keys: RocksDB then puts most of them where it put the last one. Its own
    // hints for that break when ranges are erased.
    std::vector<std::pair<position, const finished_job*>> ends;
    std::vector<std::pair<std::string_view, position>> ids;
    std::vector<index_entry> entries;
    ends.reserve(list.size());
    ids.reserve(list.size());
    entries.reserve(2 * list.size());
    for (const auto& job : list) {
      ends.emplace_back(job.finished_at_position, &job);
      ids.emplace_back(id_bytes(job.id), job.finished_at_position);
      add_entries(entries, job);
    }
    std::sort(ends.begin(), ends.end());
    for (const auto& [end, job] : ends) {
      encoded_.clear();
      events::encode_to(*job, encoded_);
      batch.put(family::jobs, big_endian(end), encoded_);
    }
    std::sort(ids.begin(), ids.end());
    for (const auto& [id, end] : ids)
      batch.put(family::ids, id, big_endian(end));
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries)
      batch.put(family::index, to_key(entry), {});
    for (const auto& touch : touches)
      batch.put(family::streams, big_endian(touch.stream) + big_endian(touch.block), {});
    batch.put(family::about, checkpoint_key, big_endian(checkpoint));
    crash_point("history.before_write");
    return write(batch);
  }

  expected<position> checkpoint() override {
    auto found = db_->get(family::about, checkpoint_key);
    if (!found)
      return pass(found);
    return *found ? from_big_endian(**found) : position{0};
  }

  expected<std::optional<finished_job>> find(const job_id& id) override {
    auto end = db_->get(family::ids, id_bytes(id));
    if (!end)
      return pass(end);
    if (!*end)
      return std::optional<finished_job>{};
    return job_at(**end);
  }

  expected<history_page> query(const history_query& q) override {
    auto before = start_of(q);
    if (!before)
      return pass(before);
    auto prefix = best_prefix(q);
    history_page page;
    if (*before == 0)
      return page;
    auto cursor = db_->cursor(prefix.empty() ? family::jobs : family::index);
    position at = 0;
    std::size_t seen = 0;
    for (cursor.seek_back(prefix + big_endian(*before - 1));
         cursor.valid() && cursor.key().starts_with(prefix); cursor.previous()) {
      if (page.jobs.size() == q.limit || seen == candidates_max) {
        page.next = std::to_string(at);
        return page;
      }
      ++seen;
      auto end = cursor.key().substr(prefix.size());
      auto job = prefix.empty() ? decode(cursor.value(), end) : job_at(end);
      if (!job)
        return pass(job);
      at = from_big_endian(end);
      if (*job && matches(q, **job))
        page.jobs.push_back(std::move(**job));
    }
    if (auto status = cursor.status(); !status)
      return pass(status);
    return page;
  }

  expected<std::vector<position>> blocks_of(key stream, position after,
                                            std::size_t limit) override {
    std::vector<position> blocks;
    auto prefix = big_endian(stream);
    auto cursor = db_->cursor(family::streams);
    for (cursor.seek(prefix + big_endian(after + 1));
         cursor.valid() && cursor.key().starts_with(prefix) && blocks.size() < limit; cursor.next())
      blocks.push_back(from_big_endian(cursor.key().substr(prefix.size())));
    if (auto status = cursor.status(); !status)
      return pass(status);
    return blocks;
  }

  expected<void> clear() override {
    auto batch = db_->batch();
    for (std::size_t family = 0; family < family_count; ++family)
      batch.erase_range(family, {}, std::string(32, '\xff'));
    return write(batch);
  }

  expected<std::size_t> prune(time_point finished_before, std::size_t limit) override {
    auto batch = db_->batch();
    auto cursor = db_->cursor(family::jobs);
    std::size_t count = 0;
    std::vector<index_entry> entries;
    for (cursor.seek({}); cursor.valid() && count < limit; cursor.next()) {
      auto job = decode(cursor.value(), cursor.key());
      if (!job)
        return pass(job);
      if ((*job)->finished_at >= finished_before)
        break;
      batch.erase(family::jobs, cursor.key());
      batch.erase(family::ids, id_bytes((*job)->id));
      add_entries(entries, **job);
      ++count;
    }
    for (const auto& entry : entries)
      batch.erase(family::index, to_key(entry));
    if (auto status = cursor.status(); !status)
      return pass(status);
    if (auto written = write(batch); !written)
      return pass(written);
    return count;
  }

  expected<void> catch_up() override { return db_->catch_up(); }

private:
  static expected<std::optional<finished_job>> decode(std::string_view bytes,
                                                      std::string_view end) {
    auto job = events::decode<finished_job>(bytes);
    if (!job)
      return refuse(errc::corrupt, fmt::format("history of the job that ended at position {}: {}",
                                               from_big_endian(end), job.error().message));
    return std::optional{std::move(*job)};
  }

  expected<std::optional<finished_job>> job_at(std::string_view end) {
    auto bytes = db_->get(family::jobs, end);
    if (!bytes)
      return pass(bytes);
    if (!*bytes)
      return std::optional<finished_job>{};
    return decode(**bytes, end);
  }

  expected<void> write(rocks_batch& batch) {
    if (stalled_)
      if (auto resumed = db_->resume(); !resumed)
        return resumed;
    // Not synced: what a crash takes is read from the log again.
    auto written = db_->write(batch, false);
    stalled_ = !written && written.error().code == errc::no_space;
    return written;
  }

  std::unique_ptr<rocks> db_;
  std::string encoded_; ///< Kept for its capacity.
  bool stalled_ = false;
};

} // namespace

expected<std::unique_ptr<history_store>> open_rocksdb_history(const std::string& directory,
                                                              const log_options& options) {
  auto db = rocks::open(
      {.directory = directory + "/history",
       .families = {{.name = "jobs"},
                    {.name = "ids", .point_lookups = true, .write_buffer_bytes = ids_buffer_bytes},
                    {.name = "index"},
                    {.name = "streams"},
                    {.name = "about"}},
       .read_only = options.read_only,
       // Whatever is missing is read from the log again.
       .accept_data_loss = true});
  if (!db)
    return pass(db);
  return std::unique_ptr<history_store>{new rocksdb_history{std::move(*db)}};
}

} // namespace carillon::stores
