#include "triggers/open_numbers.hpp"

#include <utility>

namespace carillon::triggers {
namespace {

/// Whether an item of a field begins with `H`; no name of a month or weekday does.
bool has_spread(std::string_view text) {
  for (bool is_begin = true; const char c : text) {
    if (is_begin && (c == 'H' || c == 'h'))
      return true;
    is_begin = c == ',' || (is_begin && (c == ' ' || c == '\t'));
  }
  return false;
}

/// The warnings of numbers that are not known yet: `H` without an id, and `a~b`.
class number_watcher {
public:
  explicit number_watcher(bool has_id) : has_id_{has_id} {}

  void look(const trigger_spec& spec, const std::string& path) {
    if (const auto* kind = std::get_if<cron>(&spec.kind))
      fields(*kind, path);
    if (const auto* any = std::get_if<any_of>(&spec.kind))
      children(any->triggers, path);
    if (const auto* all = std::get_if<all_of>(&spec.kind))
      children(all->triggers, path);
    if (const auto* inner = std::get_if<filtered>(&spec.kind))
      for (const auto& child : inner->triggers)
        look(child, path + ".spec.trigger");
  }

  std::vector<trigger_warning> done() && { return std::move(out_); }

private:
  void children(const std::vector<trigger_spec>& triggers, const std::string& path) {
    for (std::size_t i = 0; i < triggers.size(); ++i)
      look(triggers[i], path + ".spec.triggers[" + std::to_string(i) + ']');
  }

  void fields(const cron& kind, const std::string& path) {
    const std::pair<const char*, const std::optional<std::string>&> all[] = {
        {"year", kind.year},     {"month", kind.month},  {"day", kind.day},
        {"week", kind.week},     {"hour", kind.hour},    {"day_of_week", kind.day_of_week},
        {"minute", kind.minute}, {"second", kind.second}};
    for (const auto& [name, text] : all) {
      if (!text)
        continue;
      const auto field = path + ".spec." + name;
      if (!has_id_ && has_spread(*text))
        out_.push_back({"needs_id", field,
                        std::string{name} + " '" + *text +
                            "' is made from the schedule's id; none is given, so a schedule will "
                            "have another number"});
      if (text->find('~') != std::string::npos)
        out_.push_back({"drawn_later", field,
                        std::string{name} + " '" + *text +
                            "' is drawn when a schedule is set; it will have another number"});
    }
  }

  bool has_id_;
  std::vector<trigger_warning> out_;
};

} // namespace

std::vector<trigger_warning> open_numbers(const trigger_spec& spec, bool has_id) {
  number_watcher out{has_id};
  out.look(spec, "trigger");
  return std::move(out).done();
}

} // namespace carillon::triggers
