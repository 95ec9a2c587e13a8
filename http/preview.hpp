#pragma once

#include "carillon/fire_times.hpp"

#include <optional>
#include <string>
#include <vector>

namespace carillon::http {

/// What there is to know about a trigger: "trigger_preview".
struct trigger_preview {
  std::string description;
  std::string canonical;          ///< JSON.
  std::string structured;         ///< JSON, cron fields as structures instead of text.
  std::vector<std::string> fires; ///< In the trigger's zone.
  std::optional<std::string> previous;
  bool is_exhausted = false;
  std::vector<trigger_warning> warnings;
};

/// Looks at `trigger` from `from` on. Errors: limit_exceeded (triggers of 'and' do not meet).
expected<trigger_preview> preview_of(const fire_times& trigger, time_point from, std::size_t count);

std::string to_json(const trigger_preview& preview);

/// "trigger_warning", as a list.
std::string to_json(const std::vector<trigger_warning>& warnings);

} // namespace carillon::http
