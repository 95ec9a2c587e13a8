#include "tools/apscheduler_plan.hpp"
#include "tools/crontab_plan.hpp"
#include "tools/import_apply.hpp"
#include "tools/kubernetes_plan.hpp"
#include "tools/subcommands.hpp"
#include "tools/systemd_plan.hpp"
#include "tools/trigger_options.hpp"

namespace carillon::tools {
namespace {

struct import_options {
  std::vector<std::string> files;
  std::string label;
  std::string zone;
  bool has_user = false;
  bool is_dry = false;
  bool has_prune = false;
};

using plan_files = std::function<import_plan(const std::vector<import_file>&, const import_options&,
                                             const import_context&)>;

/// A format that `import` reads.
struct import_format {
  const char* name;
  const char* about;
  const char* file_about;
  const char* label; ///< Default label; none = the file's name.
  plan_files plan;
};

std::string file_name(const std::string& path) {
  return path == "-" ? "stdin" : path.substr(path.rfind('/') + 1);
}

int run_import(const session& s, const import_format& format, const import_options& o) {
  std::vector<import_file> files;
  for (const auto& path : o.files) {
    auto text = read_file(path);
    if (!text)
      return fail(text.error());
    files.push_back({path, *std::move(text)});
  }
  const auto runner = find_account("");
  if (!runner)
    return fail(runner.error());
  const auto label = !o.label.empty()          ? o.label
                     : format.label != nullptr ? format.label
                                               : file_name(o.files.front());
  import_context context;
  context.source = std::string{format.name} + ':' + name_part(label);
  context.zone = o.zone.empty() ? local_zone() : o.zone;
  context.runner = *runner;
  context.find_account = find_account;
  context.read = [](const std::string& path) { return read_file(path); };
  return apply_plan(s, format.plan(files, o, context),
                    {context.source, o.is_dry, o.has_prune, s.json});
}

std::vector<import_format> formats() {
  return {
      {"crontab", "Import a crontab; doing it again changes nothing",
       "The crontab; - = standard input", nullptr,
       [](const auto& files, const import_options& o, const import_context& context) {
         return plan_crontab(files.front(), o.has_user, context);
       }},
      {"systemd", "Import systemd timers with their services; doing it again changes nothing",
       "Timer units, and services that do not lie beside them", "units",
       [](const auto& files, const import_options&, const import_context& context) {
         return plan_systemd(files, context);
       }},
      {"kubernetes", "Import the CronJobs of Kubernetes manifests; doing it again changes nothing",
       "The manifest, YAML or JSON; - = standard input", nullptr,
       [](const auto& files, const import_options&, const import_context& context) {
         return plan_kubernetes(files.front(), context);
       }},
      {"apscheduler", "Import schedules of APScheduler 4 as JSON; doing it again changes nothing",
       "The schedules as its JSONSerializer writes them; - = standard input", nullptr,
       [](const auto& files, const import_options&, const import_context& context) {
         return plan_apscheduler(files.front(), context);
       }},
  };
}

} // namespace

void add_import(CLI::App& program, session& s) {
  auto& import = *program.add_subcommand("import", "Take over schedules from elsewhere");
  import.require_subcommand(1);
  for (auto& format : formats()) {
    auto o = std::make_shared<import_options>();
    auto& command = subcommand(import, s, format.name, format.about,
                               [&s, o, format] { return run_import(s, format, *o); });
    add_client_options(command, s);
    auto* files = command.add_option("file", o->files, format.file_about)->required();
    if (std::string_view{format.name} == "systemd")
      files->type_name("FILE...");
    else
      files->expected(1);
    if (std::string_view{format.name} == "crontab")
      command.add_flag("--system", o->has_user, "It has a user column, as /etc/crontab has");
    command.add_flag("--dry-run", o->is_dry, "Only say what would change");
    command.add_flag("--prune", o->has_prune,
                     "Remove what was imported under this label and is no longer wanted");
    command.add_option("--label", o->label,
                       format.label != nullptr
                           ? "Name of these files (default: " + std::string{format.label} + ")"
                           : "Name of this file (default: the file's name)");
    command.add_option("--tz", o->zone,
                       "IANA zone of entries that name none (default: the machine's)");
  }
}

} // namespace carillon::tools
