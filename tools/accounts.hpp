#pragma once

#include "carillon/expected.hpp"

#include <string>

namespace carillon::tools {

/// A user of this machine.
struct account {
  std::string name;
  std::string home;
};

/// The user of that name; empty = who runs this program. Errors: not_found.
expected<account> find_account(const std::string& user);

} // namespace carillon::tools
