#include "cluster/topics.hpp"

#include "events/stream.hpp"
#include "values/percent.hpp"

namespace carillon::cluster {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

/// Takes the first level off `text`.
std::string_view take_level(std::string_view& text, bool& more) {
  const auto slash = text.find('/');
  const auto level = text.substr(0, slash);
  more = slash != std::string_view::npos;
  text = more ? text.substr(slash + 1) : std::string_view{};
  return level;
}

} // namespace

std::string topics::root() const { return prefix + "/" + percent_encode(cluster); }

std::string topics::blocks() const { return root() + "/blocks"; }

std::string topics::status(const node_id& node) const {
  return root() + "/status/" + percent_encode(node.value);
}

std::string topics::every_status() const { return root() + "/status/+"; }

std::string topics::event(stream_category category, std::string_view id,
                          std::string_view kind) const {
  std::string out = root() + "/events/";
  out += events::category_name(category);
  out += '/';
  out += percent_encode(id);
  out += '/';
  out += kind;
  return out;
}

expected<topics> make_topics(std::string_view cluster, std::string_view prefix) {
  if (const auto fine = check_name(cluster, "cluster"); !fine)
    return unexpected<error>{fine.error()};
  const auto refused = [&](std::string_view why) {
    return refuse(errc::invalid_argument,
                  "topic prefix '" + std::string{prefix.substr(0, name_bytes_max)} + "' " +
                      std::string{why},
                  "prefix");
  };
  if (prefix.empty() || prefix.size() > name_bytes_max)
    return refused("must have 1 to 200 bytes");
  if (prefix.front() == '$')
    return refused("must not begin with '$'");
  if (prefix.find_first_of(std::string_view{"+#\0", 3}) != std::string_view::npos)
    return refused("must not hold '+', '#' or a zero byte");
  if (prefix.front() == '/' || prefix.back() == '/' || prefix.find("//") != std::string_view::npos)
    return refused("must not have an empty level");
  return topics{std::string{prefix}, std::string{cluster}};
}

std::string percent_encode(std::string_view text) {
  return carillon::percent_encode(text, ":");
}

expected<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return refuse(errc::invalid_argument,
                    "byte " + std::to_string(i) + ": '%' is not followed by two hex digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool is_topic(std::string_view topic) {
  return !topic.empty() && topic.size() <= topic_bytes_max &&
         topic.find_first_of(std::string_view{"+#\0", 3}) == std::string_view::npos;
}

bool is_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > topic_bytes_max)
    return false;
  for (bool more = true; more;) {
    const auto level = take_level(filter, more);
    const bool wild = level == "+" || (level == "#" && !more);
    if (!wild && !level.empty() && !is_topic(level))
      return false;
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) {
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter && more_topic) {
    const auto want = take_level(filter, more_filter);
    if (want == "#")
      return true;
    const auto have = take_level(topic, more_topic);
    if (want != "+" && want != have)
      return false;
  }
  // "a/#" matches "a", too.
  return more_filter == more_topic || (more_filter && filter == "#");
}

} // namespace carillon::cluster
