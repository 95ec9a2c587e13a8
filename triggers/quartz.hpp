#pragma once

#include "triggers/cron_expression.hpp"

namespace carillon::triggers {

/// Checks an expression of dialect quartz and makes its texts canonical. Rules: those of Quartz
/// 2.3.2's CronExpression. Errors: invalid_argument with the field at fault; the message names the
/// column.
expected<cron> canonical_quartz(const cron& spec);

/// Compiles an expression of dialect quartz. Errors: as `canonical_quartz`.
expected<cron_table> compile_quartz(const cron& spec);

} // namespace carillon::triggers
