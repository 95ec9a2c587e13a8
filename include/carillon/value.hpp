#pragma once

#include "carillon/expected.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carillon {

/// A JSON value: what arguments, results and metadata are made of.
class value {
public:
  using array = std::vector<value>;
  using object = std::map<std::string, value>;
  using storage =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, array, object>;

  value() = default;
  value(std::nullptr_t) {}
  value(bool b) : data_{b} {}
  value(int i) : data_{static_cast<std::int64_t>(i)} {}
  value(std::int64_t i) : data_{i} {}
  value(double d) : data_{d} {}
  value(const char* s) : data_{std::string{s}} {}
  value(std::string s) : data_{std::move(s)} {}
  value(array a) : data_{std::move(a)} {}
  value(object o) : data_{std::move(o)} {}

  bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(data_); }
  /// The held alternative, or nullptr when another one is held.
  template <class T> const T* get_if() const noexcept { return std::get_if<T>(&data_); }
  const storage& data() const noexcept { return data_; }

  bool operator==(const value&) const = default;

private:
  storage data_ = nullptr;
};

/// Compact JSON text; object keys sorted. Doubles that are not finite become null.
std::string to_json(const value& v);

/// Reads JSON text of at most `depth_max` nesting. Errors: invalid_argument with the byte at fault.
expected<value> parse_json(std::string_view text, int depth_max = 64);

} // namespace carillon
