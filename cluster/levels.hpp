#pragma once

#include "carillon/expected.hpp"
#include "cluster/ownership.hpp"

#include <cstdint>
#include <span>

/// When the format level of a log may be raised. Pure.
namespace carillon::cluster {

struct level_raise {
  std::uint32_t from = 0;  ///< The log's level.
  std::uint32_t to = 0;    ///< The one that is asked for.
  std::uint32_t known = 0; ///< The newest one that the asked build knows.
};

/// Whether the log may be raised while the `live` sessions share it. No error when it is there
/// already. Errors: invalid_argument (0), unsupported (not known here), conflict (it would be
/// lowered; a live session knows less: clients count as well, since they apply what they read).
expected<void> check_raise(const level_raise& raise, std::span<const live_session> live);

} // namespace carillon::cluster
