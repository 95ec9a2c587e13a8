#include "tools/kubernetes_plan.hpp"

#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace carillon::tools {
namespace {

using std::string_view_literals::operator""sv;
using names = std::vector<std::string_view>;

/// What may stand in one mapping of a manifest.
struct key_rules {
  names read;         ///< Used, or without a meaning outside a cluster.
  names refused = {}; ///< Changes what runs, and can not be said.
};

const key_rules cron_job_keys{{"schedule", "timeZone", "concurrencyPolicy",
                               "startingDeadlineSeconds", "suspend", "jobTemplate",
                               "successfulJobsHistoryLimit", "failedJobsHistoryLimit"}};
const key_rules job_keys{
    {"template", "activeDeadlineSeconds", "parallelism", "completions", "ttlSecondsAfterFinished"},
    {"completionMode", "suspend", "podFailurePolicy", "successPolicy"}};
const key_rules pod_keys{{"containers", "restartPolicy", "activeDeadlineSeconds"},
                         {"initContainers", "volumes"}};
const key_rules container_keys{
    {"name", "image", "imagePullPolicy", "command", "args", "env", "workingDir"},
    {"envFrom", "volumeMounts", "volumeDevices", "lifecycle"}};

/// Reads one CronJob into a plan.
class cron_job_reader {
public:
  cron_job_reader(import_plan& out, const import_file& file, const import_context& context)
      : out_{out}, file_{file}, context_{context} {}

  void read(const YAML::Node& job, std::set<std::string>& taken) {
    const auto errors_before = errors();
    planned_schedule made;
    made.file = file_.path;
    made.line = static_cast<std::size_t>(job.Mark().line) + 1;
    const auto name = text(job["metadata"], "name");
    const auto space = text(job["metadata"], "namespace");
    if (name.empty())
      fail(job, "the CronJob has no metadata.name");
    made.id =
        context_.source + '/' + (space.empty() ? "" : name_part(space) + '/') + name_part(name);
    if (!name.empty() && !taken.insert(made.id).second)
      fail(job, "the CronJob " + name + " is there twice");
    made.task = made.id;
    const auto spec = mapping(job, "spec");
    if (spec) {
      check_keys(*spec, cron_job_keys, "spec");
      when(*spec, made);
      what(*spec, made);
    }
    made.metadata["source"] = context_.source;
    made.metadata["cronjob"] = space.empty() ? name : space + '/' + name;
    if (errors() == errors_before)
      out_.schedules.push_back(std::move(made));
  }

  void fail(const YAML::Node& at, std::string message) { say(at, std::move(message), true); }
  void note(const YAML::Node& at, std::string message) { say(at, std::move(message), false); }

private:
  void say(const YAML::Node& at, std::string message, bool is_error) {
    const auto mark = at.Mark();
    out_.messages.push_back({file_.path, static_cast<std::size_t>(mark.line + 1),
                             static_cast<std::size_t>(mark.column + 1), std::move(message),
                             is_error});
  }

  std::ptrdiff_t errors() const {
    return std::count_if(out_.messages.begin(), out_.messages.end(),
                         [](const import_message& m) { return m.is_error; });
  }

  // --- reading --------------------------------------------------------------------------------

  static bool is_given(const YAML::Node& node) { return node.IsDefined() && !node.IsNull(); }

  /// A scalar's text; empty when it is not there.
  std::string text(const YAML::Node& in, const char* key) {
    if (!is_given(in) || !in.IsMap() || !is_given(in[key]))
      return {};
    if (in[key].IsScalar())
      return in[key].Scalar();
    fail(in[key], std::string{key} + " must be a single value");
    return {};
  }

  std::optional<YAML::Node> mapping(const YAML::Node& in, const char* key) {
    if (in.IsMap() && is_given(in[key]) && in[key].IsMap())
      return in[key];
    fail(in, std::string{key} + " is missing");
    return std::nullopt;
  }

  /// A whole number of seconds; none when it is not there.
  std::optional<duration> seconds(const YAML::Node& in, const char* key) {
    const auto given = text(in, key);
    if (given.empty())
      return std::nullopt;
    constexpr std::size_t digits_max = 11;
    if (given.size() <= digits_max && given.find_first_not_of("0123456789") == std::string::npos)
      return std::chrono::seconds{std::stoll(given)};
    fail(in[key], std::string{key} + " is '" + given + "', it must be a whole number of seconds");
    return std::nullopt;
  }

  std::vector<std::string> texts(const YAML::Node& in, const char* key) {
    std::vector<std::string> out;
    if (!is_given(in[key]))
      return out;
    if (!in[key].IsSequence()) {
      fail(in[key], std::string{key} + " must be a list");
      return out;
    }
    for (const auto& item : in[key])
      if (item.IsScalar())
        out.push_back(item.Scalar());
      else
        fail(item, std::string{key} + " must hold texts only");
    return out;
  }

  void check_keys(const YAML::Node& in, const key_rules& rules, const std::string& where) {
    std::string not_kept;
    for (const auto& each : in) {
      const auto key = each.first.IsScalar() ? each.first.Scalar() : std::string{};
      if (std::find(rules.read.begin(), rules.read.end(), key) != rules.read.end())
        continue;
      if (std::find(rules.refused.begin(), rules.refused.end(), key) != rules.refused.end())
        fail(each.first, where + '.' + key + " can not be said");
      else
        not_kept += (not_kept.empty() ? "" : ", ") + key;
    }
    if (!not_kept.empty())
      note(in, "not kept of " + where + ": " + not_kept);
  }

  // --- when -----------------------------------------------------------------------------------

  void when(const YAML::Node& spec, planned_schedule& made) {
    auto zone = text(spec, "timeZone");
    if (zone.empty()) {
      zone = context_.zone;
      note(spec, "has no timeZone: " + zone + " is taken, --tz says another");
    }
    made.trigger = trigger(spec, zone);
    const auto policy = text(spec, "concurrencyPolicy");
    if (!policy.empty() && policy != "Allow" && policy != "Forbid")
      fail(spec["concurrencyPolicy"],
           "concurrencyPolicy " + policy + " can not be said; allowed are Allow and Forbid");
    max_running_ = policy == "Forbid" ? value{1} : value{};
    const auto deadline = seconds(spec, "startingDeadlineSeconds");
    made.settings["misfire_grace_time"] = deadline ? seconds_value(*deadline) : value{};
    const auto suspend = text(spec, "suspend");
    if (!suspend.empty() && suspend != "true" && suspend != "false")
      fail(spec["suspend"], "suspend must be true or false");
    made.settings["paused"] = suspend == "true";
  }

  trigger_spec trigger(const YAML::Node& spec, const std::string& zone) {
    const auto schedule = text(spec, "schedule");
    if (schedule.empty()) {
      fail(spec, "schedule is missing");
      return {once{}};
    }
    const auto refuse_it = [&](const std::string& why) {
      fail(spec["schedule"], "schedule '" + schedule + "': " + why);
      return trigger_spec{once{}};
    };
    if (schedule.starts_with("@every ")) {
      const auto every = parse_duration(schedule.substr(7));
      if (!every || every->count() <= 0)
        return refuse_it(every ? "must be longer than 0" : every.error().message);
      return {interval{*every}};
    }
    if (schedule.find("TZ=") != std::string::npos)
      return refuse_it("a zone stands in timeZone");
    auto read = cron_from_crontab(schedule, cron_dialect::vixie);
    if (!read)
      return refuse_it(read.error().message);
    for (auto* field : {&read->day, &read->day_of_week})
      if (*field == "?")
        *field = "*";
    const auto is_stepped = [](const std::string& field) {
      return field.starts_with("*/") && field != "*/1";
    };
    if ((is_stepped(*read->day) && !read->day_of_week->starts_with('*')) ||
        (is_stepped(*read->day_of_week) && !read->day->starts_with('*')))
      return refuse_it("a step of all days beside a list of days means 'or' in Kubernetes and "
                       "'and' in cron(8); write the days out");
    trigger_spec out{*read, zone};
    // Kubernetes loses what a clock change skips and runs twice what it repeats.
    out.gap = gap_policy::skip;
    out.fold = fold_policy::both;
    const auto resolved = triggers::resolve(out, {});
    if (!resolved)
      return refuse_it(resolved.error().message);
    return out;
  }

  // --- what -----------------------------------------------------------------------------------

  void what(const YAML::Node& spec, planned_schedule& made) {
    const auto outer = mapping(spec, "jobTemplate");
    const auto job = outer ? mapping(*outer, "spec") : std::nullopt;
    const auto around = job ? mapping(*job, "template") : std::nullopt;
    const auto pod = around ? mapping(*around, "spec") : std::nullopt;
    if (!pod)
      return;
    check_keys(*job, job_keys, "jobTemplate.spec");
    for (const auto* key : {"parallelism", "completions"})
      if (const auto count = text(*job, key); !count.empty() && count != "1")
        fail((*job)[key], std::string{key} + " can not be said; a job runs once");
    check_keys(*pod, pod_keys, "template.spec");
    const auto containers = (*pod)["containers"];
    if (!is_given(containers) || !containers.IsSequence() || containers.size() != 1 ||
        !containers[0].IsMap()) {
      fail(*pod, "exactly one container can be said");
      return;
    }
    made.task_settings = task_of(containers[0]);
    auto timeout = seconds(*job, "activeDeadlineSeconds");
    if (const auto of_pod = seconds(*pod, "activeDeadlineSeconds"); of_pod && !timeout)
      timeout = of_pod;
    (*made.task_settings)["timeout"] = timeout ? seconds_value(*timeout) : value{};
  }

  value::object task_of(const YAML::Node& container) {
    check_keys(container, container_keys, "container");
    const auto env = environment(container);
    auto argv = texts(container, "command");
    if (argv.empty())
      fail(container, "the container has no command: what its image would run is not known here");
    for (auto& arg : texts(container, "args"))
      argv.push_back(std::move(arg));
    for (auto& word : argv)
      word = put_variables(word, env);
    if (!argv.empty() && !argv.front().starts_with('/'))
      argv.insert(argv.begin(), "/usr/bin/env");
    if (const auto image = text(container, "image"); !image.empty())
      note(container, "image " + image + " is not used: the command runs on this machine");
    const auto folder = text(container, "workingDir");
    value::object out;
    out["executor"] = "process";
    out["argv"] = texts_value(argv);
    out["env"] = texts_value(env);
    out["cwd"] = folder.empty() ? value{} : value{folder};
    out["max_running_jobs"] = max_running_;
    out["metadata"] = value::object{{"source", context_.source}};
    return out;
  }

  std::map<std::string, std::string> environment(const YAML::Node& container) {
    std::map<std::string, std::string> out{
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
    const auto list = container["env"];
    if (!is_given(list))
      return out;
    if (!list.IsSequence()) {
      fail(list, "env must be a list");
      return out;
    }
    for (const auto& each : list) {
      const auto name = text(each, "name");
      if (name.empty())
        fail(each, "env needs a name");
      else if (is_given(each["valueFrom"]))
        fail(each, "env " + name + ": valueFrom can not be said");
      else
        out[name] = put_variables(text(each, "value"), out);
    }
    return out;
  }

  /// `$(NAME)` where it is known; `$$` is a `$`.
  static std::string put_variables(const std::string& text,
                                   const std::map<std::string, std::string>& env) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto next = i + 1 < text.size() ? text[i + 1] : 0;
      if (text[i] == '$' && next == '$') {
        out += text[i++];
        continue;
      }
      const auto end = text[i] == '$' && next == '(' ? text.find(')', i) : std::string::npos;
      const auto known =
          end == std::string::npos ? env.end() : env.find(text.substr(i + 2, end - i - 2));
      if (known == env.end()) {
        out += text[i];
        continue;
      }
      out += known->second;
      i = end;
    }
    return out;
  }

  import_plan& out_;
  const import_file& file_;
  const import_context& context_;
  value max_running_;
};

/// Remembers where a document begins.
class document_watcher : public YAML::EventHandler {
public:
  YAML::Mark begin;

  void OnDocumentStart(const YAML::Mark& mark) override { begin = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// yaml-cpp 0.7 reads a stray `,` or `]` between documents as empty documents, for ever. Each but
/// the first begins with a line `---`, so more than these are a mistake.
/// Throws what yaml-cpp throws.
void check_documents(const std::string& text) {
  std::size_t allowed = text.starts_with("---") ? 2 : 1;
  constexpr std::string_view next = "\n---";
  for (auto at = text.find(next); at != std::string::npos; at = text.find(next, at + 1))
    ++allowed;
  std::istringstream in{text};
  YAML::Parser parser{in};
  document_watcher watcher;
  for (std::size_t count = 0; parser.HandleNextDocument(watcher); ++count)
    if (count == allowed)
      throw YAML::ParserException{watcher.begin, "is not expected after the end of a document"};
}

} // namespace

import_plan plan_kubernetes(const import_file& file, const import_context& context) {
  import_plan out;
  std::set<std::string> taken;
  const auto read = [&](const YAML::Node& document) {
    cron_job_reader reader{out, file, context};
    const auto kind =
        document.IsMap() && document["kind"].IsDefined() && document["kind"].IsScalar()
            ? document["kind"].Scalar()
            : std::string{};
    if (kind == "CronJob")
      return reader.read(document, taken);
    if (kind.empty())
      return reader.fail(document, "is no object of Kubernetes: it has no kind");
    reader.note(document, kind + " is left out");
    ++out.skipped;
  };
  try {
    check_documents(file.text);
    for (const auto& document : YAML::LoadAll(file.text)) {
      if (document.IsNull())
        continue;
      const auto items = document.IsMap() ? document["items"] : YAML::Node{};
      if (!items.IsDefined() || !items.IsSequence())
        read(document);
      else
        for (const auto& item : items)
          read(item);
    }
  } catch (const YAML::Exception& e) {
    out.messages.push_back({file.path, static_cast<std::size_t>(e.mark.line + 1),
                            static_cast<std::size_t>(e.mark.column + 1), e.msg, true});
  }
  return out;
}

} // namespace carillon::tools
