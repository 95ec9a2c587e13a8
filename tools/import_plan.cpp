#include "tools/import_plan.hpp"

#include "tools/cli.hpp"

#include <algorithm>

namespace carillon::tools {

bool import_plan::has_errors() const {
  return std::any_of(messages.begin(), messages.end(),
                     [](const import_message& m) { return m.is_error; });
}

std::string name_part(std::string_view text) {
  constexpr std::size_t bytes_max = 60;
  std::string out;
  for (const char c : text.substr(0, bytes_max)) {
    const bool is_word =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    out += is_word ? c : '-';
  }
  return out;
}

std::string unique_id(const std::string& base, std::set<std::string>& taken) {
  auto id = base;
  for (int i = 2; !taken.insert(id).second; ++i)
    id = base + '-' + std::to_string(i);
  return id;
}

expected<std::vector<std::string>> run_as(const import_context& context, const account& user,
                                          const std::string& group) {
  if (user.name == context.runner.name && group.empty())
    return std::vector<std::string>{};
  if (context.runner.name != "root")
    return refuse(errc::denied,
                  "belongs to " + (group.empty() ? "" : "group '" + group + "' and ") + "user '" +
                      user.name + "': only a daemon of root, imported into by root, can run it");
  std::vector<std::string> out{"/usr/sbin/runuser", "-u", user.name};
  if (!group.empty())
    out.insert(out.end(), {"-g", group});
  out.emplace_back("--");
  return out;
}

value without_open_start(const trigger_spec& planned, const value& trigger) {
  const auto* members = trigger.get_if<value::object>();
  if (!members)
    return trigger;
  auto out = *members;
  if (!planned.start_time)
    out.erase("start_time");
  const auto* inner = member(trigger, "spec").get_if<value::object>();
  if (!inner)
    return value{std::move(out)};
  auto spec = *inner;
  const auto each = [&](const std::vector<trigger_spec>& children) {
    auto list = list_at(value{spec}, "triggers");
    for (std::size_t i = 0; i < children.size() && i < list.size(); ++i)
      list[i] = without_open_start(children[i], list[i]);
    spec["triggers"] = std::move(list);
  };
  if (const auto* any = std::get_if<any_of>(&planned.kind))
    each(any->triggers);
  else if (const auto* all = std::get_if<all_of>(&planned.kind))
    each(all->triggers);
  else if (const auto* rest = std::get_if<filtered>(&planned.kind))
    spec["trigger"] = without_open_start(rest->triggers.front(), member(*inner, "trigger"));
  else if (const auto* dates = std::get_if<calendar_interval>(&planned.kind);
           dates && !dates->start_date)
    spec.erase("start_date");
  out["spec"] = std::move(spec);
  return value{std::move(out)};
}

std::string shell_text(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view{"%+,-./:=@_"}.find(c) != std::string_view::npos;
    });
    out += out.empty() ? "" : " ";
    if (is_plain) {
      out += word;
      continue;
    }
    out += '\'';
    for (const char c : word)
      out += c == '\'' ? std::string{"'\\''"} : std::string{c};
    out += '\'';
  }
  return out;
}

value texts_value(const std::vector<std::string>& words) {
  value::array out;
  for (const auto& word : words)
    out.emplace_back(word);
  return out;
}

value texts_value(const std::map<std::string, std::string>& texts) {
  value::object out;
  for (const auto& [name, text] : texts)
    out.emplace(name, text);
  return out;
}

value seconds_value(duration d) {
  if (d.count() % 1'000'000 == 0)
    return value{std::int64_t{d.count() / 1'000'000}};
  return value{static_cast<double>(d.count()) / 1e6};
}

} // namespace carillon::tools
