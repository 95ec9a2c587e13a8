#include "stores/postgres_migrations.hpp"

#include "stores/postgres_connection.hpp"

#include <fmt/core.h>

namespace carillon::stores {
namespace {

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

// Beside each other, two of us would do the same steps: any number, but always the same.
constexpr std::string_view lock = "SELECT pg_advisory_xact_lock(4711)";

/// The schema's version; 0 = there is no schema.
expected<int> version_of(postgres_connection& db, const std::string& schema) {
  postgres_params name;
  name.text(schema + ".migrations");
  auto there = db.call("SELECT to_regclass($1::text) IS NOT NULL", name);
  if (!there)
    return pass(there);
  if (there->text(0, 0) != "t")
    return 0;
  auto newest = db.call(
      fmt::format("SELECT coalesce(max(number), 0) FROM {}.migrations", quoted_name(schema)), {});
  if (!newest)
    return pass(newest);
  return static_cast<int>(newest->number(0, 0));
}

std::string grants(const std::string& schema, const std::string& role) {
  // format() quotes the names; what the daemon may call is what runs with its owner's rights.
  return fmt::format(R"sql(
DO $do$
DECLARE
  f regprocedure;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{1}') THEN
    CREATE ROLE {2} LOGIN;
  END IF;
  GRANT USAGE ON SCHEMA {0} TO {2};
  FOR f IN SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = '{3}' AND p.prosecdef LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, '{1}');
  END LOOP;
END $do$;
)sql",
                     quoted_name(schema), role, quoted_name(role), schema);
}

bool is_plain(std::string_view role) {
  return !role.empty() && role.find_first_of("'\"\\$") == std::string_view::npos;
}

} // namespace

expected<migrate_report> migrate_postgres(std::string_view url, const migrate_options& options) {
  if (!is_postgres_url(url))
    return refuse(errc::invalid_argument,
                  fmt::format("'{}' is no postgres:// URL; other logs need "
                              "no migration",
                              url),
                  "log");
  if (options.role && !is_plain(*options.role))
    return refuse(errc::invalid_argument, "the role's name holds a quote", "role");
  auto parsed = parse_postgres_url(url);
  if (!parsed)
    return pass(parsed);
  auto db = postgres_connection::open(*parsed, postgres_connection::purpose::writing);
  if (!db)
    return pass(db);
  auto version = version_of(**db, parsed->schema);
  if (!version)
    return pass(version);
  const auto all = postgres_migrations();
  migrate_report report{
      .schema = parsed->schema, .from = *version, .to = static_cast<int>(all.size()), .steps = {}};
  if (report.from > report.to)
    return refuse(errc::unsupported, fmt::format("schema '{}' has version {}; this build knows up "
                                                 "to {}",
                                                 report.schema, report.from, report.to));

  const auto schema = quoted_name(parsed->schema);
  auto statements =
      fmt::format("BEGIN; {}; SET LOCAL client_min_messages = error;"
                  "CREATE SCHEMA IF NOT EXISTS {}; SET LOCAL search_path = {}, pg_temp;"
                  "CREATE TABLE IF NOT EXISTS migrations (number int PRIMARY KEY, "
                  "name text NOT NULL, applied timestamptz NOT NULL DEFAULT now());",
                  lock, schema, schema);
  for (const auto& step : all.subspan(static_cast<std::size_t>(report.from))) {
    report.steps.emplace_back(step.name);
    statements += step.statements;
    statements +=
        fmt::format("\nINSERT INTO migrations VALUES ({}, '{}');\n", step.number, step.name);
  }
  if (options.plan)
    return report;
  statements += fmt::format("REVOKE ALL ON SCHEMA {0} FROM PUBLIC;"
                            "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {0} FROM PUBLIC;",
                            schema);
  if (options.role)
    statements += grants(parsed->schema, *options.role);
  statements += "COMMIT";
  if (auto done = (*db)->run(statements); !done)
    return pass(done);
  return report;
}

} // namespace carillon::stores
