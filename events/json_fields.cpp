#include "events/json_fields.hpp"

#include "events/trigger_json.hpp"

#include <algorithm>

namespace carillon::events {
namespace {

constexpr std::string_view blob_prefix = "sha256:";

/// How deep brackets nest at most; brackets inside strings count too, which does no harm.
int bracket_depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{')
      deepest = std::max(deepest, ++depth);
    else if ((c == ']' || c == '}') && depth > 0)
      --depth;
  }
  return deepest;
}

bool is_wrapped_text(const json& j) {
  return j.is_object() && j.size() == 1 && j.contains("text") && j["text"].is_string();
}

bool is_blob(const json& j) {
  return j.is_object() && j.size() == 2 && j.contains("blob") && j.contains("size");
}

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

void json_input::fail(std::string message) {
  if (!error_)
    error_ = error{errc::invalid_argument, std::move(message), path_};
}

json_input::scope::scope(json_input& in, std::string_view name) : in_{in}, size_{in.path_.size()} {
  if (!in_.path_.empty())
    in_.path_ += '.';
  in_.path_ += name;
}

std::optional<json> parse_bounded(std::string_view text) {
  if (bracket_depth(text) > json_depth_max)
    return std::nullopt;
  auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded())
    return std::nullopt;
  return parsed;
}

std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

json embed_text(const std::string& text) {
  auto parsed = parse_bounded(text);
  if (parsed && !is_wrapped_text(*parsed) && !is_blob(*parsed) && dump(*parsed) == text)
    return std::move(*parsed);
  auto out = json::object();
  out["text"] = text;
  return out;
}

std::string embedded_text(const json& j) {
  return is_wrapped_text(j) ? j["text"].get<std::string>() : dump(j);
}

json write_json(time_point t) {
  using namespace std::chrono;
  if (t < sys_days{year{0} / 1 / 1} || t >= sys_days{year{10'000} / 1 / 1})
    return t.time_since_epoch().count();
  return to_rfc3339(t);
}

void read_json(json_input& in, const json& j, time_point& out) {
  if (j.is_number_integer()) {
    std::int64_t microseconds = 0;
    detail::read_integer(in, j, microseconds);
    out = time_point{duration{microseconds}};
    return;
  }
  const auto parsed = parse_instant(j.is_string() ? j.get_ref<const std::string&>() : "");
  if (parsed)
    out = *parsed;
  else
    in.fail("must be an RFC 3339 instant");
}

json write_json(duration d) {
  // No text of ours is negative; such a duration is shown as its number of microseconds.
  return d.count() < 0 ? json(d.count()) : json(to_string(d));
}

void read_json(json_input& in, const json& j, duration& out) {
  if (j.is_number_integer()) {
    std::int64_t microseconds = 0;
    detail::read_integer(in, j, microseconds);
    out = duration{microseconds};
    return;
  }
  const auto parsed = parse_duration(j.is_string() ? j.get_ref<const std::string&>() : "");
  if (parsed)
    out = *parsed;
  else
    in.fail("must be a duration such as 1h30m");
}

json write_json(const trigger_spec& spec) { return json::parse(trigger_to_json(spec)); }

void read_json(json_input& in, const json& j, trigger_spec& out) {
  auto parsed = trigger_from_json(dump(j));
  if (parsed)
    out = std::move(*parsed);
  else
    in.fail(parsed.error().field + ": " + parsed.error().message);
}

json write_json(const payload& p, text_form form) {
  if (!p.blob)
    return form == text_form::json ? embed_text(p.text) : json(p.text);
  auto out = json::object();
  out["blob"] =
      std::string{blob_prefix} +
      hex_of({reinterpret_cast<const char*>(p.blob->digest.data()), p.blob->digest.size()});
  out["size"] = p.blob->size;
  return out;
}

void read_json(json_input& in, const json& j, payload& out, text_form form) {
  out = {};
  if (is_blob(j)) {
    const auto name = j["blob"].is_string() ? j["blob"].get<std::string>() : std::string{};
    auto& blob = out.blob.emplace();
    if (!name.starts_with(blob_prefix))
      return in.fail("must name a blob as sha256:DIGEST");
    detail::read_bytes(in, json(name.substr(blob_prefix.size())), blob.digest);
    return detail::read_integer(in, j["size"], blob.size);
  }
  if (form == text_form::json)
    out.text = embedded_text(j);
  else
    detail::read_text<text_form::plain>(in, j, out.text);
}

std::string hex_of(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    out += digits[static_cast<std::uint8_t>(c) >> 4];
    out += digits[static_cast<std::uint8_t>(c) & 15];
  }
  return out;
}

std::optional<std::string> bytes_of_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

} // namespace carillon::events
