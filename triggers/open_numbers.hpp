#pragma once

#include "carillon/fire_times.hpp"

#include <vector>

namespace carillon::triggers {

/// The numbers of an unresolved trigger that a schedule will have as others: `needs_id` for `H`
/// unless there is an id to make it from, `drawn_later` for `a~b`.
std::vector<trigger_warning> open_numbers(const trigger_spec& spec, bool has_id);

} // namespace carillon::triggers
