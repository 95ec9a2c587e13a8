#include "carillon/ids.hpp"

namespace carillon {
namespace {

constexpr std::size_t uuid_text_size = 36;

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == ':' || c == '/' || c == '-';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool is_dash_at(std::size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

} // namespace

expected<void> check_name(std::string_view name, std::string_view field) {
  if (name.empty())
    return refuse(errc::invalid_argument, "must not be empty", std::string{field});
  if (name.size() > name_bytes_max)
    return refuse(errc::invalid_argument,
                  "is " + std::to_string(name.size()) + " bytes long, at most " +
                      std::to_string(name_bytes_max) + " are allowed",
                  std::string{field});
  for (std::size_t i = 0; i < name.size(); ++i)
    if (!is_name_character(name[i]))
      return refuse(errc::invalid_argument,
                    "character " + std::to_string(i + 1) + " of '" + std::string{name} +
                        "' is not one of A-Z a-z 0-9 . _ : / -",
                    std::string{field});
  return {};
}

std::string uuid_text(const std::array<std::uint8_t, 16>& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(uuid_text_size);
  for (const auto byte : bytes) {
    if (is_dash_at(out.size()))
      out += '-';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

expected<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
  const auto wrong = [&] {
    return refuse(errc::invalid_argument,
                  "'" + std::string{text.substr(0, 64)} + "' is not a UUID");
  };
  if (text.size() != uuid_text_size)
    return wrong();
  std::array<std::uint8_t, 16> bytes{};
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_at(i)) {
      if (text[i] != '-')
        return wrong();
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0)
      return wrong();
    bytes[nibble / 2] = static_cast<std::uint8_t>(bytes[nibble / 2] << 4 | digit);
    ++nibble;
  }
  return bytes;
}

} // namespace carillon
