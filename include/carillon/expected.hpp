#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace carillon {

/// Why something was refused or could not be done. Names are stable and appear in JSON and logs.
enum class errc : std::uint8_t {
  invalid_argument, ///< The input is malformed or out of range; `error::field` names the culprit.
  not_found,        ///< No task, schedule, job or node with that id.
  conflict,         ///< Something else changed what the command relied on, or the id is taken.
  already_running,  ///< The scheduler was started before.
  limit_exceeded,   ///< A named limit was hit (trigger iterations, sizes, depth).
  lease_lost,       ///< The claim's fencing token is no longer the current one.
  overloaded,       ///< Too much is waiting; try again later (HTTP 429).
  unavailable,      ///< The log or the node is not ready, or is stopping.
  denied,           ///< Not permitted.
  timed_out,        ///< The wait ended before the answer came.
  no_space,         ///< The disk is full; nothing was written.
  corrupt,          ///< Bytes on disk or wire are not what was written.
  unsupported,      ///< A kind, version or option this build does not know.
  cancelled,        ///< The job was cancelled.
  not_ready,        ///< The job has not finished yet.
  gone,             ///< Retention has removed what was asked for.
  failed,           ///< The task ended in an error of its own.
  missed,           ///< The job passed its start deadline before it could run.
  abandoned,        ///< The job's lease was lost and the task asked not to retry.
  internal,         ///< A bug or a broken environment; the message says where.
};

/// The stable text of `code`, for example "not_found".
std::string_view to_string(errc code);

/// What went wrong: a code for programs, a message for people, and the field at fault if there is
/// one.
struct error {
  errc code = errc::internal;
  std::string message;   ///< Lower case, holds the numbers, no full stop.
  /// The input field at fault, for example "trigger.timezone"; may be empty.
  std::string field = {};

  bool operator==(const error&) const = default;
};

/// Marks an error on its way into an `expected`.
template <class E> class unexpected {
public:
  explicit unexpected(E e) : error_{std::move(e)} {}
  const E& error() const& noexcept { return error_; }
  E&& error() && noexcept { return std::move(error_); }

private:
  E error_;
};

/// Shorthand for a refused answer: `return refuse(errc::not_found, "task 'x' does not exist")`.
inline unexpected<error> refuse(errc code, std::string message, std::string field = {}) {
  return unexpected<error>{error{code, std::move(message), std::move(field)}};
}

/// A value or the reason there is none. Names follow `std::expected` (C++23), which will replace
/// it.
template <class T> class [[nodiscard]] expected {
public:
  using value_type = T;
  using error_type = carillon::error;

  expected(T value) : state_{std::in_place_index<0>, std::move(value)} {}
  expected(unexpected<carillon::error> e) : state_{std::in_place_index<1>, std::move(e).error()} {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Only to be called when there is a value.
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  template <class U> T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }

  /// Only to be called when there is no value.
  carillon::error& error() & { return *std::get_if<1>(&state_); }
  const carillon::error& error() const& { return *std::get_if<1>(&state_); }
  carillon::error&& error() && { return std::move(*std::get_if<1>(&state_)); }

private:
  std::variant<T, carillon::error> state_;
};

/// Success without a value, or the reason why not.
template <> class [[nodiscard]] expected<void> {
public:
  using value_type = void;
  using error_type = carillon::error;

  expected() = default;
  expected(unexpected<carillon::error> e) : error_{std::move(e).error()} {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Only to be called when there is an error.
  carillon::error& error() & { return *error_; }
  const carillon::error& error() const& { return *error_; }
  carillon::error&& error() && { return std::move(*error_); }

private:
  std::optional<carillon::error> error_;
};

} // namespace carillon
