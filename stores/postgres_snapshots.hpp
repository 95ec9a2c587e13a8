#pragma once

#include "stores/event_log.hpp"
#include "stores/postgres_link.hpp"

#include <optional>

/// Snapshots in the tables of a PostgreSQL log, for all its nodes. Chunks first, in parts, each in
/// a transaction of its own, then the manifest: nothing is held for long, and a call that broke off
/// leaves parts that the next one uses, or that go after an hour.
namespace carillon::stores {

/// Errors: invalid_argument (of another history), unavailable, no_space.
expected<void> put_postgres_snapshot(postgres_link& link, const snapshot& s, duration patience);

/// None when there is none, its format is strange, or a chunk is missing.
expected<std::optional<snapshot>> load_postgres_snapshot(postgres_link& link, duration patience);

} // namespace carillon::stores
