#pragma once

#include "carillon/ids.hpp"
#include "carillon/time.hpp"

#include <random>

namespace carillon::actors {

/// Makes new ids. The one place where randomness enters; not thread-safe, one per owner.
class id_source {
public:
  id_source() {
    std::random_device entropy;
    std::seed_seq seed{entropy(), entropy(), entropy(), entropy(), entropy(), entropy()};
    engine_.seed(seed);
  }

  /// 128 random bits.
  commit_id commit() {
    commit_id id;
    fill(id.bytes, 0);
    return id;
  }

  /// A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random. Ids made by one source in the
  /// same millisecond do not rise strictly; nothing relies on it.
  job_id job(time_point now) {
    job_id id;
    fill(id.bytes, 6);
    auto ms = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count());
    for (int i = 5; i >= 0; --i, ms >>= 8)
      id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms);
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0F));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
  }

private:
  void fill(std::array<std::uint8_t, 16>& bytes, std::size_t from) {
    for (auto left = 0; from < bytes.size(); ++from, --left) {
      if (left == 0) {
        word_ = engine_();
        left = 8;
      }
      bytes[from] = static_cast<std::uint8_t>(word_);
      word_ >>= 8;
    }
  }

  std::mt19937_64 engine_;
  std::uint64_t word_ = 0;
};

} // namespace carillon::actors
