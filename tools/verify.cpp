#include "stores/verify.hpp"
#include "tools/records.hpp"
#include "tools/subcommands.hpp"

#include "http/json_writer.hpp"
#include "tools/invariants.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

int run_verify(const session& s, const std::string& url) {
  auto log = open_for_reading(url);
  if (!log)
    return fail(log.error());
  invariants rules;
  const auto base = (*log)->base();
  if (base && base->at > 0)
    rules.begin_in_the_middle();
  const auto report =
      stores::verify(**log, [&](const stores::block& block) { return rules.check(block); });
  if (!report)
    return fail(report.error());
  http::json_object out;
  out.boolean("good", !report->fault)
      .number("after", report->after)
      .number("to", report->to)
      .number("blocks", report->blocks)
      .number("records", report->records);
  if (report->fault)
    out.raw("fault", http::json_object{}
                         .number("position", report->fault->at)
                         .text("message", report->fault->message)
                         .done());
  else
    out.null("fault");
  if (s.json)
    std::cout << out.done() << '\n';
  else if (report->fault)
    std::cout << "fault at position " << report->fault->at << ": " << report->fault->message
              << '\n';
  else
    std::cout << "good: " << report->records << " records in " << report->blocks
              << " blocks, positions " << report->after + 1 << " to " << report->to << '\n';
  return report->fault ? exit_failure : exit_ok;
}

} // namespace

void add_verify(CLI::App& program, session& s) {
  auto url = std::make_shared<std::string>();
  auto& command =
      subcommand(program, s, "verify", "Recompute a log's hash chain and check its rules (offline)",
                 [&s, url] { return run_verify(s, *url); });
  add_json_option(command, s);
  command.add_option("--log", *url, "The log: rocksdb:DIRECTORY")->required();
}

} // namespace carillon::tools
