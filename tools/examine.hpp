#pragma once

#include "carillon/fire_times.hpp"
#include "tools/trigger_options.hpp"

#include <memory>
#include <optional>
#include <string>

namespace carillon::tools {

/// What commands that look at one trigger are asked: `explain` and `validate`.
struct trigger_question {
  std::shared_ptr<trigger_options> trigger;
  std::string from; ///< --from; empty = now.
  std::string id;   ///< --id: what `H` is made from.
};

/// Adds the options of a trigger, the expression, --from and --id.
void add_trigger_question(CLI::App& command, trigger_question& question, const std::string& from);

/// A trigger, and from when on it is looked at.
struct examined {
  fire_times trigger;
  time_point from;
};

/// Reads the question; `given` is a trigger that comes from elsewhere. Errors: invalid_argument,
/// limit_exceeded, unsupported; see `is_about_usage`.
expected<examined> examine(const trigger_question& question,
                           const std::optional<trigger_spec>& given = {});

/// Whether an error of `examine` is about the command line and not about the trigger.
bool is_about_usage(const error& e);

/// "dst_gap (trigger.gap): when the clock changes ...".
std::string warning_text(const trigger_warning& warning);

} // namespace carillon::tools
