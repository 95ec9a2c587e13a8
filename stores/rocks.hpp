#pragma once

#include "carillon/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A thin face of RocksDB, for the log and the history: what both need, with our errors.
namespace carillon::stores {

/// One column family.
struct rocks_family {
  std::string name = {};
  bool point_lookups = false; ///< Keeps a bloom filter for keys that are often looked up in vain.
  std::size_t write_buffer_bytes = 0; ///< 0 = that of `rocks_options`.
};

struct rocks_options {
  std::string directory = {};
  std::vector<rocks_family> families = {}; ///< Addressed by their index from here on.
  bool read_only = false;        ///< Opens beside a writer, as a view that `catch_up` renews.
  bool accept_data_loss = false; ///< Stops at the first corrupt byte of the write-ahead log.
  std::size_t write_buffer_bytes = std::size_t{16} << 20; ///< Per family.
  std::size_t cache_bytes = std::size_t{8} << 20;
};

/// Writes that become visible, and durable, together. Made by `rocks::batch`.
class rocks_batch {
public:
  ~rocks_batch();
  rocks_batch(rocks_batch&&) noexcept;
  rocks_batch& operator=(rocks_batch&&) noexcept;

  void put(std::size_t family, std::string_view key, std::string_view value);
  void erase(std::size_t family, std::string_view key);
  /// Erases the keys from `from`, inclusive, to `to`, exclusive.
  void erase_range(std::size_t family, std::string_view from, std::string_view to);

private:
  friend class rocks;
  struct content;
  explicit rocks_batch(std::unique_ptr<content> c);
  std::unique_ptr<content> content_;
};

/// A cursor over one family, as of the moment it was made. Gone before its database is.
class rocks_cursor {
public:
  ~rocks_cursor();
  rocks_cursor(rocks_cursor&&) noexcept;

  void seek(std::string_view key); ///< To the first key that is not less.
  void seek_back(std::string_view key); ///< To the last key that is not greater.
  void seek_last();
  void next();
  void previous();
  bool valid() const;
  std::string_view key() const;   ///< Holds until the cursor moves.
  std::string_view value() const; ///< Holds until the cursor moves.
  /// Why the cursor is not valid. No error: there are no more keys. Errors: corrupt, unavailable.
  expected<void> status() const;

private:
  friend class rocks;
  struct content;
  explicit rocks_cursor(std::unique_ptr<content> c);
  std::unique_ptr<content> content_;
};

/// A file of the database whose bytes are not what was written.
struct rocks_damage {
  std::string file = {};
  std::string smallest_key = {}; ///< Of the keys in the file.
  std::string message = {};
};

class rocks {
public:
  /// Errors: not_found (read_only, and there is no database), conflict (another process has it
  /// open), corrupt, no_space, unavailable.
  static expected<std::unique_ptr<rocks>> open(const rocks_options& options);
  ~rocks();
  rocks(const rocks&) = delete;
  rocks& operator=(const rocks&) = delete;

  expected<std::optional<std::string>> get(std::size_t family, std::string_view key) const;
  rocks_batch batch() const;
  /// Errors: no_space, unavailable, corrupt. After no_space, `resume` must come first.
  expected<void> write(rocks_batch& batch, bool sync);
  rocks_cursor cursor(std::size_t family) const;

  /// Writes what is in memory into table files.
  expected<void> flush();
  /// Goes on after no_space.
  expected<void> resume();
  /// Read-only databases: sees what the writer has written since. Does nothing when the write-ahead
  /// log is damaged.
  expected<void> catch_up();
  /// The first table file of `family`, in key order, that has a byte other than written.
  expected<std::optional<rocks_damage>> find_damage(std::size_t family) const;

private:
  struct content;
  explicit rocks(std::unique_ptr<content> c);
  std::unique_ptr<content> content_;
};

} // namespace carillon::stores
