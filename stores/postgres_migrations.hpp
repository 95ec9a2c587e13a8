#pragma once

#include "carillon/expected.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The schema of a PostgreSQL log, in numbered steps. What they are stands in stores/migrations/.
namespace carillon::stores {

/// One step. Never changed once it was released: what comes later is a step of its own.
struct migration {
  int number = 0;
  std::string_view name = {};
  std::string_view statements = {};
};

/// All steps that this build knows, by number, from 1 without a gap.
std::span<const migration> postgres_migrations();

struct migrate_options {
  bool plan = false; ///< Only say what would be done.
  /// A role that may call the log's functions from now on, and nothing else: the daemon's. It is
  /// made, able to log in, when there is none of that name.
  std::optional<std::string> role = {};
};

struct migrate_report {
  std::string schema = {};
  int from = 0;                   ///< The schema's version before; 0 = there was none.
  int to = 0;                     ///< What it is now, or would be.
  std::vector<std::string> steps; ///< Names of the steps done, or to do.
};

/// Brings the schema that `url` names up to this build, all steps in one transaction. The URL's
/// user becomes the owner and has to be allowed to create it. Errors: invalid_argument (no postgres
/// URL), unsupported (the schema is newer than this build), unavailable, denied.
expected<migrate_report> migrate_postgres(std::string_view url,
                                          const migrate_options& options = {});

} // namespace carillon::stores
