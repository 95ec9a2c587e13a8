#pragma once

#include "carillon/expected.hpp"
#include "stores/event_log.hpp"

#include <optional>
#include <string>

namespace carillon::stores {

/// A small file beside the log that remembers up to where it was durable. A write-ahead log whose
/// tail was lost opens without a word: the mark is what notices.
///
/// Two slots are written in turn, so that a crash in the middle of one leaves the other.
class durable_mark {
public:
  struct value {
    position at = 0;
    digest hash{}; ///< Chain hash of the block that ends at `at`.
  };

  /// Opens or creates the file. Errors: unavailable, no_space, conflict (unreadable).
  static expected<durable_mark> open(const std::string& path);
  /// Only reads. None when there is no file, or no whole slot in it.
  static std::optional<value> read(const std::string& path);

  ~durable_mark();
  durable_mark(durable_mark&& other) noexcept;
  durable_mark& operator=(durable_mark&&) = delete;

  /// The newest whole slot. None when the file is new.
  std::optional<value> newest() const;
  /// Forgets both slots: the log was found shorter, and that was accepted.
  expected<void> reset();
  /// Durable when it returns. Errors: unavailable, no_space.
  expected<void> write(const value& mark);

private:
  explicit durable_mark(int file) : file_{file} {}

  int file_;
  unsigned slot_ = 0;
};

} // namespace carillon::stores
