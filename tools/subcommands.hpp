#pragma once

#include "tools/cli.hpp"

/// One function per subcommand, each in a file of its own; the table stands in main.cpp.
namespace carillon::tools {

void add_serve(CLI::App& program, session& s);
void add_next(CLI::App& program, session& s);
void add_explain(CLI::App& program, session& s);
void add_validate(CLI::App& program, session& s);
void add_add(CLI::App& program, session& s);
void add_list(CLI::App& program, session& s);
void add_show(CLI::App& program, session& s);
void add_pause(CLI::App& program, session& s);
void add_resume(CLI::App& program, session& s);
void add_remove(CLI::App& program, session& s);
void add_run(CLI::App& program, session& s);
void add_jobs(CLI::App& program, session& s);
void add_tasks(CLI::App& program, session& s);
void add_calendars(CLI::App& program, session& s);
void add_calendar(CLI::App& program, session& s);
void add_cancel(CLI::App& program, session& s);
void add_log(CLI::App& program, session& s);
/// Below `log`.
void add_log_level(CLI::App& log, session& s);
void add_replay(CLI::App& program, session& s);
void add_verify(CLI::App& program, session& s);
void add_migrate(CLI::App& program, session& s);
void add_import(CLI::App& program, session& s);
void add_export(CLI::App& program, session& s);
void add_cleanup(CLI::App& program, session& s);
void add_nodes(CLI::App& program, session& s);
void add_status(CLI::App& program, session& s);
void add_version(CLI::App& program, session& s);

} // namespace carillon::tools
