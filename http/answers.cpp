#include "http/answers.hpp"

#include "http/view_json.hpp"

#include <openssl/sha.h>

#include <charconv>

namespace carillon::http {
namespace {

using sha256_bytes = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

sha256_bytes sha256(std::string_view text) {
  sha256_bytes out{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
  return out;
}

} // namespace

response changed(const answer& done, std::string_view id, std::string_view zone) {
  json_object out;
  out.text("id", done.id.empty() ? id : std::string_view{done.id})
      .text("result", to_string(done.what));
  if (done.next_fire)
    out.text("next_fire_time", zoned_text(*done.next_fire, std::string{zone}));
  else
    out.null("next_fire_time");
  return changed(done.what == change::created ? 201 : 200, done.at, out.done());
}

expected<page_request> page_of(const call& c) {
  const auto limit = number_of(c, "limit", page_items_default);
  if (!limit)
    return unexpected<error>{limit.error()};
  if (*limit < 1 || *limit > page_items_max)
    return refuse(errc::invalid_argument,
                  "is " + std::to_string(*limit) + ", allowed are 1 to " +
                      std::to_string(page_items_max),
                  "limit");
  page_request out{.limit = static_cast<std::size_t>(*limit)};
  if (const auto cursor = c.query.find("cursor"); cursor != c.query.end())
    out.cursor = cursor->second;
  return out;
}

expected<std::uint64_t> number_of(const call& c, const std::string& name, std::uint64_t otherwise) {
  const auto found = c.query.find(name);
  if (found == c.query.end())
    return otherwise;
  std::uint64_t out = 0;
  const auto& text = found->second;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return refuse(errc::invalid_argument, "'" + text.substr(0, 40) + "' is not a whole number",
                  name);
  return out;
}

expected<std::string> name_of(const call& c) {
  if (auto good = check_name(c.id, "id"); !good)
    return unexpected<error>{std::move(good).error()};
  return c.id;
}

expected<job_id> job_of(const call& c) { return parse_id<job_id>(c.id); }

std::array<std::uint8_t, 16> derived_uuid(std::string_view text) {
  const auto hash = sha256(text);
  std::array<std::uint8_t, 16> out{};
  std::copy_n(hash.begin(), out.size(), out.begin());
  // Version 8, the one for private derivations (RFC 9562), and its variant.
  out[6] = static_cast<std::uint8_t>((out[6] & 0x0F) | 0x80);
  out[8] = static_cast<std::uint8_t>((out[8] & 0x3F) | 0x80);
  return out;
}

std::string sha256_hex(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : sha256(text)) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

} // namespace carillon::http
