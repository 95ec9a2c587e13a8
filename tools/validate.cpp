#include "tools/caret.hpp"
#include "tools/examine.hpp"
#include "tools/subcommands.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"
#include "http/preview.hpp"

#include <algorithm>
#include <iostream>

namespace carillon::tools {
namespace {

struct validate_options {
  trigger_question question;
  bool is_strict = false;
};

/// What is an error wherever a trigger is checked: that it never fires.
bool is_fatal(const trigger_warning& warning) {
  return warning.code == "never_fires" && warning.field == "trigger";
}

int refuse_trigger(const session& s, const std::string& text, const error& e) {
  if (s.json) {
    const auto column = column_in(text, e);
    http::json_object why;
    why.text("code", to_string(e.code)).text("field", e.field).text("message", e.message);
    column ? why.number("column", *column) : why.null("column");
    std::cout << http::json_object{}
                     .boolean("valid", false)
                     .raw("error", why.done())
                     .raw("warnings", "[]")
                     .done()
              << '\n';
    return exit_failure;
  }
  std::cerr << caret(text, e);
  fail(e);
  return exit_failure;
}

int judge(const session& s, bool is_strict, const examined& asked) {
  const auto& [trigger, from] = asked;
  const auto warnings = trigger.lint(from);
  const bool is_refused =
      (is_strict && !warnings.empty()) || std::any_of(warnings.begin(), warnings.end(), is_fatal);
  if (s.json) {
    std::cout << http::json_object{}
                     .boolean("valid", !is_refused)
                     .null("error")
                     .text("description", trigger.describe(from))
                     .raw("canonical", events::trigger_to_json(trigger.spec()))
                     .raw("structured", events::trigger_to_structured_json(trigger.spec()))
                     .raw("warnings", http::to_json(warnings))
                     .done()
              << '\n';
  } else {
    std::cout << (is_refused ? "refused: " : "valid: ") << trigger.describe(from) << '\n';
    for (const auto& each : warnings)
      std::cout << (is_fatal(each) ? "error " : "warning ") << warning_text(each) << '\n';
  }
  return is_refused ? exit_failure : exit_ok;
}

int run_validate(const session& s, const validate_options& o) {
  const auto asked = examine(o.question);
  if (asked)
    return judge(s, o.is_strict, *asked);
  return is_about_usage(asked.error())
             ? fail(asked.error())
             : refuse_trigger(s, text_of(*o.question.trigger), asked.error());
}

} // namespace

void add_validate(CLI::App& program, session& s) {
  auto o = std::make_shared<validate_options>();
  auto& command = subcommand(program, s, "validate",
                             "Check a trigger: exit 1 and the column of the mistake (offline)",
                             [&s, o] { return run_validate(s, *o); });
  add_trigger_question(command, o->question, "Look at what comes after this instead of now");
  command.add_flag("--strict", o->is_strict, "Exit 1 for warnings, too");
  add_json_option(command, s);
}

} // namespace carillon::tools
