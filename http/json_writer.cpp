#include "http/json_writer.hpp"

namespace carillon::http {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Length of the UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t sequence_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const auto first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    // No over-long forms, no surrogates.
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, char c) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (c) {
  case '"': out += "\\\""; return;
  case '\\': out += "\\\\"; return;
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  default: break;
  }
  const auto code = static_cast<unsigned char>(c);
  if (code >= 0x20 && code != 0x7F) {
    out += c;
    return;
  }
  out += "\\u00";
  out += digits[code >> 4];
  out += digits[code & 15];
}

} // namespace

std::string json_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto size = sequence_size(text.substr(i));
    if (size == 0)
      out += replacement;
    else if (size == 1)
      append_escaped(out, text[i]);
    else
      out += text.substr(i, size);
    i += size == 0 ? 1 : size;
  }
  out += '"';
  return out;
}

std::string json_seconds(duration d) {
  const auto us = d.count();
  std::string out = us < 0 ? "-" : "";
  const auto magnitude = us < 0 ? -us : us;
  out += std::to_string(magnitude / 1'000'000);
  const auto rest = magnitude % 1'000'000;
  if (rest == 0)
    return out;
  auto digits = std::to_string(1'000'000 + rest).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return out + '.' + digits;
}

json_object& json_object::raw(std::string_view name, std::string_view json) {
  out_ += out_.empty() ? '{' : ',';
  out_ += json_text(name);
  out_ += ':';
  out_ += json;
  return *this;
}

} // namespace carillon::http
