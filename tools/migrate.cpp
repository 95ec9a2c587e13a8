#include "stores/postgres_migrations.hpp"
#include "tools/subcommands.hpp"

#include "http/json_writer.hpp"

#include <iostream>
#include <memory>

namespace carillon::tools {
namespace {

struct migrate_flags {
  std::string url = {};
  std::string role = {};
  bool plan = false;
};

int run_migrate(const session& s, const migrate_flags& flags) {
  stores::migrate_options options{.plan = flags.plan, .role = {}};
  if (!flags.role.empty())
    options.role = flags.role;
  const auto report = stores::migrate_postgres(flags.url, options);
  if (!report)
    return fail(report.error());
  if (s.json) {
    std::string steps;
    for (const auto& step : report->steps)
      steps += (steps.empty() ? "\"" : ",\"") + step + "\"";
    std::cout << http::json_object{}
                     .boolean("plan", flags.plan)
                     .text("schema", report->schema)
                     .number("from", static_cast<std::uint64_t>(report->from))
                     .number("to", static_cast<std::uint64_t>(report->to))
                     .raw("steps", "[" + steps + "]")
                     .done()
              << '\n';
    return exit_ok;
  }
  for (const auto& step : report->steps)
    std::cout << (flags.plan ? "would do " : "did ") << step << '\n';
  if (report->steps.empty())
    std::cout << "schema " << report->schema << " is at version " << report->to
              << ": nothing to do\n";
  else
    std::cout << "schema " << report->schema << (flags.plan ? " would go" : " went")
              << " from version " << report->from << " to " << report->to << '\n';
  return exit_ok;
}

} // namespace

void add_migrate(CLI::App& program, session& s) {
  auto flags = std::make_shared<migrate_flags>();
  auto& command = subcommand(program, s, "migrate",
                             "Create or update the schema of a PostgreSQL log (offline)",
                             [&s, flags] { return run_migrate(s, *flags); });
  add_json_option(command, s);
  command.add_option("--log", flags->url, "The log: postgres://USER@HOST/DATABASE?schema=NAME")
      ->required();
  command.add_flag("--plan", flags->plan, "Only say what would be done");
  command.add_option("--role", flags->role,
                     "The daemon's role: made if there is none, and let call the functions");
}

} // namespace carillon::tools
