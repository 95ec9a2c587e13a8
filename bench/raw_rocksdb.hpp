#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

/// What RocksDB does on this machine without Carillon: the yardsticks of the benchmarks. Each call
/// makes a database of its own under `path`, which must not exist, and removes it again.
/// A database that cannot be made or written ends the program with a message.
namespace carillon::bench {

/// Synced WriteBatches of `batch` records of `bytes` bytes under sequential keys, in records/s.
double raw_synced_batches(const std::string& path, std::uint64_t records, std::size_t batch = 1000,
                          std::size_t bytes = 200);

struct write_figures {
  double writes_per_second = 0;
  std::chrono::nanoseconds p50{};
  std::chrono::nanoseconds p99{};
};

/// Synced writes of one record of 200 bytes each, from `threads` threads at once, each of which
/// rests for `pause` between two: a disk that was idle answers later.
write_figures raw_synced_single_writes(const std::string& path, std::chrono::seconds time,
                                       unsigned threads, std::chrono::milliseconds pause = {});

/// One thread reading `records` records of 200 bytes in key order, LZ4 in blocks of 16 KiB, from
/// table files, in records/s.
double raw_scan(const std::string& path, std::uint64_t records);

} // namespace carillon::bench
