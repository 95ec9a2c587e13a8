#include "tools/systemd_unit.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace carillon::tools {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string quoted(std::string_view text) { return "'" + std::string{text.substr(0, 64)} + "'"; }

struct span_unit {
  std::string_view names; ///< Between blanks.
  double seconds;
};
constexpr std::array<span_unit, 9> span_units{{{" usec us µs ", 1e-6},
                                               {" msec ms ", 1e-3},
                                               {" seconds second sec s ", 1},
                                               {" minutes minute min m ", 60},
                                               {" hours hour hr h ", 3600},
                                               {" days day d ", 86'400},
                                               {" weeks week w ", 604'800},
                                               {" months month M ", 2'629'800},
                                               {" years year y ", 31'557'600}}};

/// A word, and whether any of it was quoted or escaped.
struct word {
  std::string text;
  bool is_bare = true;
};

/// Splits a setting into words, left to right.
class word_reader {
public:
  word_reader(std::string_view text, const unit_specifiers& specifiers)
      : text_{text}, specifiers_{specifiers} {}

  expected<std::vector<word>> read() {
    std::vector<word> out;
    for (skip(); at_ < text_.size(); skip()) {
      auto next = one();
      if (!next)
        return unexpected<error>{std::move(next).error()};
      out.push_back(std::move(*next));
    }
    return out;
  }

private:
  void skip() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }

  error fault(errc code, const std::string& message) const {
    return {code, "column " + std::to_string(at_ + 1) + ": " + message};
  }

  expected<word> one() {
    word out;
    char quote = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote == 0 && blanks.find(c) != std::string_view::npos)
        break;
      if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
        out.is_bare = false;
      } else if (c == '\\') {
        out.is_bare = false;
        if (auto ok = escape(out.text); !ok)
          return unexpected<error>{std::move(ok).error()};
      } else if (c == '%') {
        if (auto ok = specifier(out.text); !ok)
          return unexpected<error>{std::move(ok).error()};
      } else {
        out.text += c;
      }
    }
    if (quote != 0)
      return unexpected<error>{fault(errc::invalid_argument, "the quote is not closed")};
    return out;
  }

  expected<void> escape(std::string& out) {
    constexpr std::string_view letters = "abfnrtvs\\\"';";
    constexpr std::string_view meanings = "\a\b\f\n\r\t\v \\\"';";
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : 0;
    if (const auto known = letters.find(c); c != 0 && known != std::string_view::npos) {
      out += meanings[known];
      ++at_;
      return {};
    }
    unsigned code = 0;
    const auto digits = text_.substr(std::min(at_ + 2, text_.size()), 2);
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (c != 'x' || digits.size() != 2 || end != digits.data() + 2 || failure != std::errc{} ||
        code == 0)
      return unexpected<error>{fault(errc::invalid_argument, "unknown escape after '\\'")};
    out += static_cast<char>(code);
    at_ += 3;
    return {};
  }

  expected<void> specifier(std::string& out) {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : 0;
    const auto known = specifiers_.find(c);
    if (c != '%' && known == specifiers_.end())
      return unexpected<error>{
          fault(errc::unsupported, std::string{"what '%"} + c + "' stands for is not known here")};
    out += c == '%' ? "%" : known->second;
    ++at_;
    return {};
  }

  std::string_view text_;
  const unit_specifiers& specifiers_;
  std::size_t at_ = 0;
};

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string value_of(const std::string& name, const std::map<std::string, std::string>& env) {
  const auto found = env.find(name);
  return found == env.end() ? std::string{} : found->second;
}

/// Puts `${NAME}` and `$$` in; `$NAME` alone becomes the words of its value.
void put_variables(const word& from, const std::map<std::string, std::string>& env,
                   std::vector<std::string>& out) {
  const auto& text = from.text;
  if (from.is_bare && text.size() > 1 && text[0] == '$' &&
      std::all_of(text.begin() + 1, text.end(), is_name)) {
    const auto value = value_of(text.substr(1), env);
    for (std::string_view rest = trimmed(value); !rest.empty(); rest = trimmed(rest)) {
      const auto size = std::min(rest.find_first_of(blanks), rest.size());
      out.emplace_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    return;
  }
  std::string put;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto next = i + 1 < text.size() ? text[i + 1] : 0;
    const auto end = next == '{' && text[i] == '$' ? text.find('}', i) : std::string::npos;
    if (end != std::string::npos) {
      put += value_of(text.substr(i + 2, end - i - 2), env);
      i = end;
    } else {
      put += text[i];
      i += text[i] == '$' && next == '$' ? 1 : 0;
    }
  }
  out.push_back(std::move(put));
}

/// Takes the prefixes off the program's name.
expected<void> take_prefixes(std::string& program, unit_command& out, bool& has_variables) {
  while (!program.empty() && std::string_view{"-:@+!"}.find(program[0]) != std::string_view::npos) {
    if (program[0] == '-')
      out.may_fail = true;
    else if (program[0] == ':')
      has_variables = false;
    else
      return refuse(errc::unsupported,
                    std::string{"the prefix '"} + program[0] + "' of a command can not be said");
    program.erase(0, 1);
  }
  return {};
}

} // namespace

std::optional<unit_setting> unit_file::last(std::string_view section, std::string_view key) const {
  std::optional<unit_setting> out;
  for (const auto& each : settings)
    if (each.section == section && each.key == key)
      out = each.text.empty() ? std::nullopt : std::optional{each};
  return out;
}

std::vector<unit_setting> unit_file::all(std::string_view section, std::string_view key) const {
  std::vector<unit_setting> out;
  for (const auto& each : settings) {
    if (each.section != section || each.key != key)
      continue;
    if (each.text.empty())
      out.clear();
    else
      out.push_back(each);
  }
  return out;
}

unit_file parse_unit(std::string_view text) {
  unit_file out;
  std::string section;
  std::string pending;
  std::size_t begin = 0;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with('#') || line.starts_with(';') || (line.empty() && pending.empty()))
      continue; // comments may stand between continued lines, too
    if (pending.empty())
      begin = number;
    const bool goes_on = line.ends_with('\\');
    pending += goes_on ? std::string{line.substr(0, line.size() - 1)} + ' ' : std::string{line};
    if (goes_on && !text.empty())
      continue;
    const auto whole = trimmed(pending);
    const auto equals = whole.find('=');
    if (whole.starts_with('[') && whole.ends_with(']'))
      section = whole.substr(1, whole.size() - 2);
    else if (equals == std::string_view::npos || section.empty())
      out.faulty_lines.push_back(begin);
    else
      out.settings.push_back({section, std::string{trimmed(whole.substr(0, equals))},
                              std::string{trimmed(whole.substr(equals + 1))}, begin});
    pending.clear();
  }
  return out;
}

expected<duration> parse_unit_span(std::string_view text) {
  constexpr double seconds_max = 1e11; // 3,000 years
  const auto wrong = [&](const std::string& why) {
    return refuse(errc::invalid_argument,
                  "span " + quoted(text) + ": " + why + "; allowed are the like of \"1h 30min\"");
  };
  auto rest = trimmed(text);
  if (rest == "infinity")
    return refuse(errc::unsupported, "a span of infinity can not be said");
  if (rest.empty())
    return wrong("is empty");
  double total = 0;
  for (; !rest.empty(); rest = trimmed(rest)) {
    double number = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (failure != std::errc{} || number < 0)
      return wrong("a number is expected at " + quoted(rest));
    rest = trimmed(rest.substr(static_cast<std::size_t>(end - rest.data())));
    const auto size = std::min(rest.find_first_of(" \t0123456789."), rest.size());
    const auto name = ' ' + std::string{rest.substr(0, size)} + ' ';
    const auto unit =
        std::find_if(span_units.begin(), span_units.end(), [&](const span_unit& each) {
          return each.names.find(name) != std::string_view::npos;
        });
    if (size != 0 && unit == span_units.end())
      return wrong(quoted(rest.substr(0, size)) + " is not a unit");
    total += number * (size == 0 ? 1 : unit->seconds);
    rest.remove_prefix(size);
  }
  if (total > seconds_max)
    return wrong("is longer than 3,000 years");
  return duration{std::llround(total * 1e6)};
}

expected<bool> parse_unit_flag(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto yes : {"yes", "y", "true", "t", "on", "1"})
    if (lower == yes)
      return true;
  for (const auto no : {"no", "n", "false", "f", "off", "0"})
    if (lower == no)
      return false;
  return refuse(errc::invalid_argument, quoted(text) + " is neither yes nor no");
}

expected<std::vector<std::string>> unit_words(std::string_view text,
                                              const unit_specifiers& specifiers) {
  auto words = word_reader{text, specifiers}.read();
  if (!words)
    return unexpected<error>{std::move(words).error()};
  std::vector<std::string> out;
  for (auto& each : *words)
    out.push_back(std::move(each.text));
  return out;
}

expected<std::vector<unit_command>> unit_commands(std::string_view text,
                                                  const unit_specifiers& specifiers,
                                                  const std::map<std::string, std::string>& env) {
  auto words = word_reader{text, specifiers}.read();
  if (!words)
    return unexpected<error>{std::move(words).error()};
  std::vector<unit_command> out;
  bool is_first = true;
  bool has_variables = true;
  for (auto& each : *words) {
    if (each.is_bare && each.text == ";") {
      is_first = true;
      continue;
    }
    if (is_first) {
      has_variables = true;
      if (auto ok = take_prefixes(each.text, out.emplace_back(), has_variables); !ok)
        return unexpected<error>{std::move(ok).error()};
      is_first = false;
    }
    if (has_variables)
      put_variables(each, env, out.back().argv);
    else
      out.back().argv.push_back(each.text);
  }
  for (const auto& command : out)
    if (command.argv.empty() || command.argv.front().empty())
      return refuse(errc::invalid_argument, "the command is empty");
  return out;
}

} // namespace carillon::tools
