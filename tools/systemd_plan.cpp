#include "tools/systemd_plan.hpp"

#include "tools/systemd_unit.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <array>

namespace carillon::tools {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view manager_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// A run later than systemd's own default accuracy is one that Persistent=no would have dropped.
constexpr duration accuracy_default = std::chrono::minutes{1};

constexpr std::array once_keys{"OnActiveSec"sv, "OnBootSec"sv, "OnStartupSec"sv};
constexpr std::array flag_keys{"OnClockChange"sv, "OnTimezoneChange"sv};
constexpr std::array refused_service_keys{
    "ExecCondition"sv, "ExecStop"sv,  "ExecStopPost"sv,      "EnvironmentFile"sv,
    "RootDirectory"sv, "RootImage"sv, "StandardInputText"sv, "StandardInputData"sv};
constexpr std::array read_service_keys{
    "Type"sv,  "ExecStartPre"sv,     "ExecStart"sv,   "ExecStartPost"sv, "User"sv,
    "Group"sv, "WorkingDirectory"sv, "Environment"sv, "RuntimeMaxSec"sv, "TimeoutStartSec"sv};
constexpr std::array read_timer_keys{
    "OnCalendar"sv,         "OnUnitActiveSec"sv,   "OnUnitInactiveSec"sv, "Persistent"sv,
    "RandomizedDelaySec"sv, "FixedRandomDelay"sv,  "AccuracySec"sv,       "Unit"sv,
    "WakeSystem"sv,         "RemainAfterElapse"sv, "OnActiveSec"sv,       "OnBootSec"sv,
    "OnStartupSec"sv,       "OnClockChange"sv,     "OnTimezoneChange"sv};

template <class List> bool has(const List& list, std::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

/// A unit with where it came from.
struct loaded_unit {
  std::string path;
  std::string name; ///< "backup@daily.service"
  unit_file unit;
};

/// Reads one timer and its service into a plan.
class timer_reader {
public:
  timer_reader(import_plan& out, const import_context& context, const loaded_unit& timer)
      : out_{out}, context_{context}, timer_{timer} {}

  void read(const loaded_unit& service) {
    const auto errors_before = std::count_if(out_.messages.begin(), out_.messages.end(),
                                             [](const auto& m) { return m.is_error; });
    planned_schedule made;
    made.id = context_.source + '/' + name_part(stem_of(timer_.name));
    made.task = made.id;
    made.file = timer_.path;
    made.line = 1;
    when(made);
    made.task_settings = what(service);
    made.metadata["source"] = context_.source;
    made.metadata["unit"] = timer_.name;
    const auto about = service.unit.last("Unit", "Description");
    if (about)
      made.metadata["description"] = about->text;
    const auto errors = std::count_if(out_.messages.begin(), out_.messages.end(),
                                      [](const auto& m) { return m.is_error; });
    if (errors == errors_before)
      out_.schedules.push_back(std::move(made));
  }

private:
  void say(const loaded_unit& where, std::size_t line, std::string text, bool is_error = true) {
    out_.messages.push_back({where.path, line, 1, std::move(text), is_error});
  }
  void note(const loaded_unit& where, std::size_t line, std::string text) {
    say(where, line, std::move(text), false);
  }

  std::optional<unit_setting> timer_key(std::string_view key) const {
    return timer_.unit.last("Timer", key);
  }

  bool flag(std::string_view key) {
    const auto given = timer_key(key);
    if (!given)
      return false;
    const auto read = parse_unit_flag(given->text);
    if (!read)
      say(timer_, given->line, given->key + ": " + read.error().message);
    return read && *read;
  }

  std::optional<duration> span(const loaded_unit& where, const std::optional<unit_setting>& given) {
    if (!given)
      return std::nullopt;
    const auto read = parse_unit_span(given->text);
    if (read)
      return *read;
    say(where, given->line, given->key + ": " + read.error().message);
    return std::nullopt;
  }

  // --- [Timer] --------------------------------------------------------------------------------

  /// OnCalendar= and OnUnitActiveSec= in their order; an empty one of any kind drops all.
  std::vector<unit_setting> elapses() const {
    std::vector<unit_setting> out;
    for (const auto& each : timer_.unit.settings) {
      const bool is_elapse =
          each.section == "Timer" && (each.key == "OnCalendar" || each.key == "OnUnitActiveSec" ||
                                      each.key == "OnUnitInactiveSec" || has(once_keys, each.key));
      if (is_elapse && each.text.empty())
        out.clear();
      else if (is_elapse)
        out.push_back(each);
    }
    return out;
  }

  void when(planned_schedule& made) {
    std::vector<trigger_spec> triggers;
    std::vector<unit_setting> at_start;
    bool has_calendar = false;
    for (const auto& each : elapses()) {
      if (each.key == "OnCalendar") {
        has_calendar = true;
        triggers.push_back({on_calendar{each.text}, context_.zone});
        if (const auto resolved = triggers::resolve(triggers.back(), {}); !resolved)
          say(timer_, each.line, "OnCalendar: " + resolved.error().message);
      } else if (each.key == "OnUnitActiveSec") {
        if (const auto every = span(timer_, each); every && every->count() > 0)
          triggers.push_back({interval{*every}});
        else if (every)
          say(timer_, each.line, "OnUnitActiveSec must be longer than 0");
      } else if (each.key == "OnUnitInactiveSec") {
        say(timer_, each.line,
            "OnUnitInactiveSec can not be said: no trigger counts from the end of the last run");
      } else {
        at_start.push_back(each);
      }
    }
    for (const auto& each : at_start)
      if (triggers.empty())
        say(timer_, each.line,
            each.key + " alone can not be said: it runs once after a start, not on a schedule");
      else
        note(timer_, each.line, each.key + " is not kept: intervals count from the import");
    if (triggers.empty() && at_start.empty() && !out_.has_errors())
      say(timer_, 0, "the timer has neither OnCalendar nor OnUnitActiveSec");
    if (triggers.size() == 1)
      made.trigger = std::move(triggers.front());
    else
      made.trigger = {any_of{std::move(triggers)}, context_.zone};
    how(made, has_calendar);
  }

  void how(planned_schedule& made, bool has_calendar) {
    const auto accuracy = span(timer_, timer_key("AccuracySec"));
    if (accuracy && *accuracy > accuracy_default)
      note(timer_, timer_key("AccuracySec")->line,
           "AccuracySec is not waited for: runs start when they are due");
    const bool is_persistent = flag("Persistent");
    made.settings["misfire_grace_time"] =
        is_persistent || !has_calendar
            ? value{}
            : seconds_value(std::max(accuracy.value_or(accuracy_default), accuracy_default));
    const auto delay = span(timer_, timer_key("RandomizedDelaySec"));
    made.settings["max_jitter"] = delay && delay->count() > 0 ? seconds_value(*delay) : value{};
    if (flag("FixedRandomDelay"))
      note(timer_, timer_key("FixedRandomDelay")->line,
           "FixedRandomDelay is not kept: each run has a delay of its own");
    if (flag("WakeSystem"))
      note(timer_, timer_key("WakeSystem")->line,
           "WakeSystem is not kept: Carillon does not wake a machine");
    for (const auto key : flag_keys)
      if (flag(key))
        say(timer_, timer_key(key)->line, std::string{key} + " can not be said");
    for (const auto& each : timer_.unit.settings)
      if (each.section == "Timer" && !has(read_timer_keys, each.key))
        note(timer_, each.line, each.key + " is not known and not kept");
  }

  // --- [Service] ------------------------------------------------------------------------------

  static std::string text(const loaded_unit& service, std::string_view key) {
    const auto found = service.unit.last("Service", key);
    return found ? found->text : std::string{};
  }

  unit_specifiers specifiers(const loaded_unit& service) const {
    const auto stem = stem_of(service.name);
    const auto at = stem.find('@');
    const auto instance = at == std::string::npos ? std::string{} : stem.substr(at + 1);
    return {{'i', instance},
            {'I', instance},
            {'n', service.name},
            {'N', stem},
            {'p', stem.substr(0, at)},
            {'P', stem.substr(0, at)},
            {'u', context_.runner.name},
            {'h', context_.runner.home},
            {'t', "/run"},
            {'S', "/var/lib"},
            {'C', "/var/cache"},
            {'L', "/var/log"},
            {'E', "/etc"},
            {'T', "/tmp"},
            {'V', "/var/tmp"}};
  }

  void check_service(const loaded_unit& service) {
    std::string not_kept;
    for (const auto& each : service.unit.settings) {
      if (each.section != "Service" || each.text.empty() || has(read_service_keys, each.key))
        continue;
      if (has(refused_service_keys, each.key))
        say(service, each.line, each.key + " can not be said");
      else
        not_kept += (not_kept.empty() ? "" : ", ") + each.key;
    }
    for (const auto* unit : {&timer_, &service})
      for (const auto& each : unit->unit.settings)
        if (each.section == "Unit" &&
            (each.key.starts_with("Condition") || each.key.starts_with("Assert")))
          note(*unit, each.line, each.key + " is not checked");
    if (!not_kept.empty())
      note(service, 0, "these settings of [Service] are not kept: " + not_kept);
    const auto type = service.unit.last("Service", "Type");
    constexpr std::array types{"simple"sv, "exec"sv, "oneshot"sv, "idle"sv};
    if (type && !has(types, type->text))
      say(service, type->line,
          "Type=" + type->text + " can not be said; allowed are simple, exec, oneshot and idle");
  }

  std::map<std::string, std::string> environment(const loaded_unit& service,
                                                 const unit_specifiers& known, const account& user,
                                                 bool has_user) {
    std::map<std::string, std::string> out{{"PATH", std::string{manager_path}}};
    if (has_user)
      out.insert({{"HOME", user.home}, {"LOGNAME", user.name}, {"USER", user.name}});
    for (const auto& each : service.unit.all("Service", "Environment")) {
      const auto words = unit_words(each.text, known);
      if (!words)
        say(service, each.line, "Environment, " + words.error().message);
      for (const auto& word : words ? *words : std::vector<std::string>{}) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
          say(service, each.line, "Environment: '" + word + "' is not NAME=value");
        else
          out[word.substr(0, equals)] = word.substr(equals + 1);
      }
    }
    return out;
  }

  std::vector<std::string> command(const loaded_unit& service, const unit_specifiers& known,
                                   const std::map<std::string, std::string>& env) {
    std::vector<unit_command> commands;
    const bool is_oneshot = text(service, "Type") == "oneshot";
    for (const auto key : {"ExecStartPre"sv, "ExecStart"sv, "ExecStartPost"sv})
      for (const auto& each : service.unit.all("Service", key)) {
        auto read = unit_commands(each.text, known, env);
        if (key == "ExecStartPost" && !is_oneshot)
          say(service, each.line, "ExecStartPost can be said of Type=oneshot only");
        else if (!read)
          say(service, each.line, std::string{key} + ", " + read.error().message);
        else
          commands.insert(commands.end(), read->begin(), read->end());
      }
    if (commands.empty()) {
      if (service.unit.all("Service", "ExecStart").empty())
        say(service, 0, "the service has no ExecStart");
      return {};
    }
    for (auto& each : commands)
      if (each.argv.front().front() != '/')
        each.argv.insert(each.argv.begin(), "/usr/bin/env");
    if (commands.size() == 1 && !commands.front().may_fail)
      return commands.front().argv;
    // One after the other, until one fails that may not.
    std::string script;
    for (const auto& each : commands)
      script +=
          (script.empty() ? "" : " && ") +
          (each.may_fail ? "{ " + shell_text(each.argv) + " || true; }" : shell_text(each.argv));
    return {"/bin/sh", "-c", script};
  }

  value::object what(const loaded_unit& service) {
    check_service(service);
    auto user = expected<account>{context_.runner};
    if (const auto given = service.unit.last("Service", "User"))
      if (user = context_.find_account(given->text); !user)
        say(service, given->line, "User: " + user.error().message);
    const auto owner = user.value_or(context_.runner);
    auto argv = run_as(context_, owner, text(service, "Group"));
    if (!argv)
      say(service, 0, argv.error().message);
    const auto known = specifiers(service);
    const auto env = environment(service, known, owner, !text(service, "User").empty());
    auto command_words = command(service, known, env);
    if (argv)
      command_words.insert(command_words.begin(), argv->begin(), argv->end());
    auto timeout = span(service, service.unit.last("Service", "RuntimeMaxSec"));
    if (const auto start = service.unit.last("Service", "TimeoutStartSec");
        start && text(service, "Type") == "oneshot" && start->text != "infinity")
      timeout = span(service, start);
    value::object out;
    out["executor"] = "process";
    out["argv"] = texts_value(command_words);
    out["env"] = texts_value(env);
    out["cwd"] = folder(service, owner, known);
    out["timeout"] = timeout ? seconds_value(*timeout) : value{};
    out["max_running_jobs"] = 1; // a unit runs once at a time
    out["metadata"] = value::object{{"source", context_.source}};
    return out;
  }

  std::string folder(const loaded_unit& service, const account& owner,
                     const unit_specifiers& known) {
    const auto given = service.unit.last("Service", "WorkingDirectory");
    if (!given)
      return "/";
    const auto words = unit_words(given->text, known);
    auto out = words && words->size() == 1 ? words->front() : std::string{};
    if (out.starts_with('-'))
      out.erase(0, 1);
    if (out == "~")
      return owner.home;
    if (out.empty() || out.front() != '/')
      say(service, given->line, "WorkingDirectory must be an absolute path or ~");
    return out;
  }

  import_plan& out_;
  const import_context& context_;
  const loaded_unit& timer_;
};

/// Finds the services of timers.
class unit_finder {
public:
  unit_finder(const std::vector<import_file>& files, const import_context& context)
      : files_{files}, context_{context} {}

  expected<loaded_unit> service_of(const loaded_unit& timer) const {
    const auto given = timer.unit.last("Timer", "Unit");
    const auto name = given ? given->text : stem_of(timer.name) + ".service";
    if (!name.ends_with(".service"))
      return refuse(errc::unsupported, "Unit=" + name + " is no service");
    auto candidates = std::vector{name};
    if (const auto at = name.find('@'); at != std::string::npos)
      candidates.push_back(name.substr(0, at + 1) + ".service");
    const auto slash = timer.path.rfind('/');
    const auto folder =
        slash == std::string::npos ? std::string{} : timer.path.substr(0, slash + 1);
    for (const auto& candidate : candidates) {
      for (const auto& file : files_)
        if (base_name(file.path) == candidate)
          return loaded_unit{file.path, name, parse_unit(file.text)};
      if (const auto text = context_.read(folder + candidate))
        return loaded_unit{folder + candidate, name, parse_unit(*text)};
    }
    return refuse(errc::not_found,
                  "the service " + name + " was not given and does not lie beside the timer");
  }

private:
  const std::vector<import_file>& files_;
  const import_context& context_;
};

} // namespace

import_plan plan_systemd(const std::vector<import_file>& files, const import_context& context) {
  import_plan out;
  const unit_finder finder{files, context};
  const auto say = [&](const std::string& path, std::size_t line, std::string text, bool is_error) {
    out.messages.push_back({path, line, 1, std::move(text), is_error});
  };
  for (const auto& file : files) {
    if (file.path.ends_with(".service"))
      continue;
    if (!file.path.ends_with(".timer")) {
      say(file.path, 0, "is neither a .timer nor a .service", true);
      continue;
    }
    const loaded_unit timer{file.path, base_name(file.path), parse_unit(file.text)};
    if (timer.name.ends_with("@.timer")) {
      say(file.path, 0, "is left out: a template runs by its instances only", false);
      ++out.skipped;
      continue;
    }
    const auto service = finder.service_of(timer);
    if (!service) {
      say(file.path, 0, service.error().message, true);
      continue;
    }
    bool is_faulty = false;
    for (const auto* unit : {&timer, &*service})
      for (const auto line : unit->unit.faulty_lines) {
        say(unit->path, line, "is neither a [Section] nor Key=value", true);
        is_faulty = true;
      }
    if (!is_faulty)
      timer_reader{out, context, timer}.read(*service);
  }
  return out;
}

} // namespace carillon::tools
