#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A thin face of libpqxx with our errors: no other file but postgres_connection.cpp sees it.
namespace carillon::stores {

/// Where a log is: "postgres://USER@HOST:PORT/DATABASE?schema=NAME", else as libpq understands it.
struct postgres_url {
  std::string connect = {};        ///< For libpq: without `schema`.
  std::string schema = "carillon"; ///< A name of letters, digits and underscores.
};

bool is_postgres_url(std::string_view url);

/// Errors: invalid_argument (field "log").
expected<postgres_url> parse_postgres_url(std::string_view url);

/// The parameters of one call, in PostgreSQL's binary form.
class postgres_params {
public:
  postgres_params& number(std::int64_t v);
  postgres_params& small(std::int32_t v);
  postgres_params& text(std::string_view v); ///< Text or bytea.
  postgres_params& numbers(std::span<const std::int64_t> v);
  postgres_params& smalls(std::span<const std::int32_t> v);
  postgres_params& texts(std::span<const std::string> v);
  postgres_params& byte_strings(std::span<const std::string> v);
  postgres_params& uuids(std::span<const std::string> v); ///< 16 bytes each.

  const std::vector<std::string>& values() const noexcept { return values_; }

private:
  std::vector<std::string> values_;
};

/// The rows of an answer. Columns are counted from 0.
class postgres_result {
public:
  struct rows; ///< What libpqxx calls a result.
  explicit postgres_result(std::shared_ptr<const rows> of) : rows_{std::move(of)} {}

  std::size_t size() const;
  bool is_null(std::size_t row, std::size_t column) const;
  std::int64_t number(std::size_t row, std::size_t column) const; ///< 0 for null.
  std::string_view text(std::size_t row, std::size_t column) const;
  std::string bytes(std::size_t row, std::size_t column) const;
  std::vector<std::int64_t> numbers(std::size_t row, std::size_t column) const;
  std::vector<std::string> texts(std::size_t row, std::size_t column) const;

private:
  std::shared_ptr<const rows> rows_;
};

/// One connection to a database. Used by one thread at a time; never reconnects by itself.
class postgres_connection {
public:
  /// Whether the statements of a connection are to write.
  enum class purpose : std::uint8_t { reading, writing };

  /// A call that takes longer than `call_max` ends as lost: a server that was stopped, or cut off,
  /// does not answer at all. Errors: unavailable (also when the server is starting, or not the
  /// primary), denied.
  static expected<std::unique_ptr<postgres_connection>>
  open(const postgres_url& url, purpose why, duration call_max = std::chrono::minutes{10});

  virtual ~postgres_connection() = default;

  /// Runs one statement as a transaction of its own; it is prepared when it is first used.
  ///
  /// Errors: unavailable with `is_lost()`: the connection is gone, and whether the statement was
  /// done is not known. Everything else was not done: unavailable (a lock or the time ran out),
  /// no_space, denied, not_found (no such schema or function), gone (raised as CL001), internal.
  virtual expected<postgres_result> call(const std::string& statement,
                                         const postgres_params& params) = 0;
  /// Statements without parameters, several at a time; a migration, say. Errors: as `call`.
  virtual expected<void> run(const std::string& statements) = 0;

  /// The connection is of no more use. So is one whose COMMIT came with a warning: it may not have
  /// reached the synchronous standby.
  virtual bool is_lost() const = 0;
};

/// `name` as an identifier in a statement.
std::string quoted_name(std::string_view name);

} // namespace carillon::stores
