#pragma once

#include "stores/history_store.hpp"

#include <string>

/// The meaning of a history query, shared by the stores. Pure.
namespace carillon::stores {

/// Whether `job` is among those that `q` asks for, whatever its page.
bool matches(const history_query& q, const finished_job& job);

/// The page of `q` has ends before this position. Errors: invalid_argument (`limit`, `cursor`).
expected<position> start_of(const history_query& q);

/// The cursor of the page that follows `last`.
std::string cursor_after(const finished_job& last);

} // namespace carillon::stores
