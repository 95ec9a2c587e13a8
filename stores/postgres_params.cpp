#include "stores/postgres_connection.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

namespace carillon::stores {
namespace {

// Numbers of PostgreSQL's own types: never change.
enum class type_number : std::uint32_t { bytea = 17, int8 = 20, int4 = 23, text = 25, uuid = 2950 };

// What we ask of every connection unless the URL says otherwise: a peer that is gone is noticed.
constexpr std::string_view connect_defaults[] = {
    "application_name=carillon", "connect_timeout=3",  "keepalives_idle=3",
    "keepalives_interval=1",     "keepalives_count=3", "tcp_user_timeout=5000"};

void put_big(std::string& out, std::uint64_t v, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(v >> shift));
}

std::string big(std::uint64_t v, int width) {
  std::string out;
  put_big(out, v, width);
  return out;
}

/// The start of an array of one dimension.
std::string array_start(type_number type, std::size_t size) {
  std::string out;
  put_big(out, size == 0 ? 0 : 1, 4); // dimensions
  put_big(out, 0, 4);                 // no nulls
  put_big(out, static_cast<std::uint32_t>(type), 4);
  if (size > 0) {
    put_big(out, size, 4);
    put_big(out, 1, 4); // the first index
  }
  return out;
}

template <class Number> std::string number_array(type_number type, std::span<const Number> v) {
  auto out = array_start(type, v.size());
  out.reserve(out.size() + v.size() * (4 + sizeof(Number)));
  for (auto n : v) {
    put_big(out, sizeof(Number), 4);
    put_big(out, static_cast<std::uint64_t>(n), sizeof(Number));
  }
  return out;
}

std::string string_array(type_number type, std::span<const std::string> v) {
  auto out = array_start(type, v.size());
  for (const auto& s : v) {
    put_big(out, s.size(), 4);
    out.append(s);
  }
  return out;
}

bool is_name(std::string_view text) {
  auto fits = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) ||
           std::isdigit(static_cast<unsigned char>(c)) || c == '_';
  };
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), fits) &&
         !text.starts_with("pg_") && !std::isdigit(static_cast<unsigned char>(text.front()));
}

} // namespace

postgres_params& postgres_params::number(std::int64_t v) {
  values_.push_back(big(static_cast<std::uint64_t>(v), 8));
  return *this;
}

postgres_params& postgres_params::small(std::int32_t v) {
  values_.push_back(big(static_cast<std::uint32_t>(v), 4));
  return *this;
}

postgres_params& postgres_params::text(std::string_view v) {
  values_.emplace_back(v);
  return *this;
}

postgres_params& postgres_params::numbers(std::span<const std::int64_t> v) {
  values_.push_back(number_array(type_number::int8, v));
  return *this;
}

postgres_params& postgres_params::smalls(std::span<const std::int32_t> v) {
  values_.push_back(number_array(type_number::int4, v));
  return *this;
}

postgres_params& postgres_params::texts(std::span<const std::string> v) {
  values_.push_back(string_array(type_number::text, v));
  return *this;
}

postgres_params& postgres_params::byte_strings(std::span<const std::string> v) {
  values_.push_back(string_array(type_number::bytea, v));
  return *this;
}

postgres_params& postgres_params::uuids(std::span<const std::string> v) {
  values_.push_back(string_array(type_number::uuid, v));
  return *this;
}

bool is_postgres_url(std::string_view url) {
  return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

expected<postgres_url> parse_postgres_url(std::string_view url) {
  postgres_url out;
  auto question = url.find('?');
  out.connect = url.substr(0, question);
  auto rest = question == std::string_view::npos ? std::string_view{} : url.substr(question + 1);
  std::string kept;
  while (!rest.empty()) {
    auto end = rest.find('&');
    auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (part.starts_with("schema="))
      out.schema = part.substr(7);
    else if (!part.empty())
      kept.append("&").append(part);
  }
  if (!is_name(out.schema))
    return refuse(errc::invalid_argument,
                  fmt::format("schema '{}' is no name of 1 to 63 lower-case letters, digits and "
                              "underscores, not beginning with a digit or pg_",
                              out.schema),
                  "log");
  for (auto setting : connect_defaults) {
    auto name = fmt::format("&{}=", setting.substr(0, setting.find('=')));
    if (kept.find(name) == std::string::npos)
      kept.append("&").append(setting);
  }
  kept.front() = '?';
  out.connect += kept;
  return out;
}

} // namespace carillon::stores
