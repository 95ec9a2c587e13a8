#pragma once

#include "carillon/expected.hpp"

#include <filesystem>

namespace carillon::runs {

/// The supervisor program: `given` if not empty, else $CARILLON_SUPERVISOR, else
/// carillon_supervisor beside this program, in ../libexec/carillon, in .. (a build tree) or
/// where it was installed. Errors: not_found, naming where it was looked for.
expected<std::filesystem::path> find_supervisor(const std::filesystem::path& given);

} // namespace carillon::runs
