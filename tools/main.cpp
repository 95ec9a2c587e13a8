#include "tools/subcommands.hpp"

#include <algorithm>

#include <malloc.h>

namespace {

using namespace carillon::tools;

constexpr add_subcommand subcommands[] = {
    add_serve, add_next, add_explain, add_validate, add_add, add_list, add_show, add_pause,
    add_resume, add_remove, add_run, add_jobs, add_tasks, add_calendars, add_calendar,
    add_cancel, add_log, add_replay,
    add_verify, add_migrate, add_import, add_export, add_cleanup, add_nodes, add_status,
    add_version,
};

/// For glibc's allocator, where tcmalloc is not linked in: blocks of events come and go by the
/// megabyte. Memory up to here is kept for the next ones, not given back to the kernel each time.
constexpr int kept_memory_bytes = 64 << 20;

} // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, kept_memory_bytes / 2);
  mallopt(M_TRIM_THRESHOLD, kept_memory_bytes);
  session s;
  // What follows "--" is a command line of somebody else: not one option of it is ours.
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  if (separator != arguments.end()) {
    s.has_tail = true;
    s.tail.assign(separator + 1, arguments.end());
    arguments.erase(separator, arguments.end());
  }
  CLI::App program{"Carillon: schedules that fire, jobs that run, a log that proves it",
                   "carillon"};
  program.require_subcommand(1);
  for (const auto add : subcommands)
    add(program, s);
  try {
    std::reverse(arguments.begin(), arguments.end());
    program.parse(arguments);
  } catch (const CLI::ParseError& e) {
    const int code = program.exit(e);
    return code == 0 ? exit_ok : exit_usage;
  }
  return s.run ? s.run() : exit_usage;
}
