#include "bench/raw_rocksdb.hpp"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace carillon::bench {
namespace {

using steady = std::chrono::steady_clock;

void must(const rocksdb::Status& status) {
  if (status.ok())
    return;
  std::fprintf(stderr, "yardstick: %s\n", status.ToString().c_str());
  std::exit(1);
}

class database {
public:
  explicit database(const std::string& path) : path_{path} {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.error_if_exists = true;
    options.compression = rocksdb::kLZ4Compression;
    options.max_background_jobs = 2;
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 16 << 10;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    must(rocksdb::DB::Open(options, path, &db));
    db_.reset(db);
  }
  ~database() {
    must(db_->Close());
    db_.reset();
    std::filesystem::remove_all(path_);
  }
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  rocksdb::DB* operator->() const { return db_.get(); }

private:
  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
};

std::string key_of(std::uint64_t n) {
  std::string key(8, '\0');
  for (int i = 0; i < 8; ++i)
    key[static_cast<std::size_t>(i)] = static_cast<char>(n >> (56 - 8 * i));
  return key;
}

// Half of a record is the same in all of them, half is noise: what records with ids look like.
class record_source {
public:
  explicit record_source(std::size_t bytes) : record_(bytes, 'r') {}

  const std::string& next() {
    for (std::size_t i = 0; i < record_.size() / 2; ++i) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      record_[i] = static_cast<char>(state_);
    }
    return record_;
  }

private:
  std::string record_;
  std::uint64_t state_ = 88172645463325252ULL;
};

double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

} // namespace

double raw_synced_batches(const std::string& path, std::uint64_t records, std::size_t batch,
                          std::size_t bytes) {
  database db{path};
  // The records are made beforehand: only the database is timed.
  record_source source{bytes};
  std::vector<std::string> ready;
  for (std::size_t i = 0; i < batch; ++i)
    ready.push_back(source.next());
  rocksdb::WriteOptions synced;
  synced.sync = true;
  auto start = steady::now();
  for (std::uint64_t n = 0; n < records;) {
    rocksdb::WriteBatch writes;
    for (std::size_t i = 0; i < batch && n < records; ++i, ++n)
      must(writes.Put(key_of(n), ready[i]));
    must(db->Write(synced, &writes));
  }
  return static_cast<double>(records) / seconds_since(start);
}

write_figures raw_synced_single_writes(const std::string& path, std::chrono::seconds time,
                                       unsigned threads, std::chrono::milliseconds pause) {
  database db{path};
  std::atomic<std::uint64_t> next = 0;
  std::vector<std::vector<std::chrono::nanoseconds>> latencies(threads);
  auto start = steady::now();
  auto work = [&](unsigned thread) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    std::string record(200, 'r');
    while (steady::now() - start < time) {
      const auto before = steady::now();
      must(db->Put(synced, key_of(next++), record));
      latencies[thread].push_back(steady::now() - before);
      if (pause != pause.zero())
        std::this_thread::sleep_for(pause);
    }
  };
  std::vector<std::jthread> running;
  for (unsigned i = 0; i < threads; ++i)
    running.emplace_back(work, i);
  running.clear();
  auto seconds = seconds_since(start);

  std::vector<std::chrono::nanoseconds> all;
  for (const auto& some : latencies)
    all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  if (all.empty())
    return {};
  return {.writes_per_second = static_cast<double>(all.size()) / seconds,
          .p50 = all[all.size() / 2],
          .p99 = all[all.size() * 99 / 100]};
}

double raw_scan(const std::string& path, std::uint64_t records) {
  database db{path};
  record_source source{200};
  for (std::uint64_t n = 0; n < records;) {
    rocksdb::WriteBatch writes;
    for (std::size_t i = 0; i < 1000 && n < records; ++i, ++n)
      must(writes.Put(key_of(n), source.next()));
    must(db->Write(rocksdb::WriteOptions{}, &writes));
  }
  must(db->Flush(rocksdb::FlushOptions{}));
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = 256 << 10;
  auto start = steady::now();
  std::uint64_t seen = 0;
  std::uint64_t bytes = 0;
  std::unique_ptr<rocksdb::Iterator> cursor{db->NewIterator(options)};
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    ++seen;
    bytes += cursor->value().size();
  }
  must(cursor->status());
  auto seconds = seconds_since(start);
  if (seen != records || bytes != records * 200)
    must(rocksdb::Status::Corruption("the scan missed records"));
  return static_cast<double>(records) / seconds;
}

} // namespace carillon::bench
