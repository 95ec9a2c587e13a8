#pragma once

#include "carillon/task.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// Turns ordinary functions into task handlers: their parameters are read from the job's positional
/// arguments, their result becomes the job's value. Supported types: bool, integers, floating
/// point, std::string, value, std::optional, std::vector and std::map<std::string, T> of these.
/// A first parameter `const job_context&` is passed through.
namespace carillon {

/// How a C++ type is read from and written to a JSON value. Specialise it for your own types.
template <class T> struct value_traits;

namespace detail {

inline unexpected<error> wrong_type(const char* wanted) {
  return refuse(errc::invalid_argument, std::string{"is not "} + wanted);
}

} // namespace detail

template <> struct value_traits<value> {
  static expected<value> from(const value& v) { return v; }
  static value to(value v) { return v; }
};

template <> struct value_traits<bool> {
  static expected<bool> from(const value& v) {
    if (const auto* held = v.get_if<bool>())
      return *held;
    return detail::wrong_type("true or false");
  }
  static value to(bool v) { return v; }
};

template <std::integral T>
  requires(!std::same_as<T, bool>)
struct value_traits<T> {
  static expected<T> from(const value& v) {
    const auto* held = v.get_if<std::int64_t>();
    if (held == nullptr || !std::in_range<T>(*held))
      return detail::wrong_type("an integer in range");
    return static_cast<T>(*held);
  }
  static value to(T v) { return static_cast<std::int64_t>(v); }
};

template <std::floating_point T> struct value_traits<T> {
  static expected<T> from(const value& v) {
    if (const auto* held = v.get_if<double>())
      return static_cast<T>(*held);
    if (const auto* held = v.get_if<std::int64_t>())
      return static_cast<T>(*held);
    return detail::wrong_type("a number");
  }
  static value to(T v) { return static_cast<double>(v); }
};

template <> struct value_traits<std::string> {
  static expected<std::string> from(const value& v) {
    if (const auto* held = v.get_if<std::string>())
      return *held;
    return detail::wrong_type("a string");
  }
  static value to(std::string v) { return value{std::move(v)}; }
};

template <class T> struct value_traits<std::optional<T>> {
  static expected<std::optional<T>> from(const value& v) {
    if (v.is_null())
      return std::optional<T>{};
    auto inner = value_traits<T>::from(v);
    if (!inner)
      return unexpected<error>{std::move(inner).error()};
    return std::optional<T>{std::move(*inner)};
  }
  static value to(std::optional<T> v) {
    return v ? value_traits<T>::to(std::move(*v)) : value{nullptr};
  }
};

template <class T> struct value_traits<std::vector<T>> {
  static expected<std::vector<T>> from(const value& v) {
    const auto* held = v.get_if<value::array>();
    if (held == nullptr)
      return detail::wrong_type("an array");
    std::vector<T> out;
    out.reserve(held->size());
    for (const auto& element : *held) {
      auto read = value_traits<T>::from(element);
      if (!read)
        return unexpected<error>{std::move(read).error()};
      out.push_back(std::move(*read));
    }
    return out;
  }
  static value to(std::vector<T> v) {
    value::array out;
    out.reserve(v.size());
    for (auto& element : v)
      out.push_back(value_traits<T>::to(std::move(element)));
    return out;
  }
};

template <class T> struct value_traits<std::map<std::string, T>> {
  static expected<std::map<std::string, T>> from(const value& v) {
    const auto* held = v.get_if<value::object>();
    if (held == nullptr)
      return detail::wrong_type("an object");
    std::map<std::string, T> out;
    for (const auto& [key, element] : *held) {
      auto read = value_traits<T>::from(element);
      if (!read)
        return unexpected<error>{std::move(read).error()};
      out.emplace(key, std::move(*read));
    }
    return out;
  }
  static value to(std::map<std::string, T> v) {
    value::object out;
    for (auto& [key, element] : v)
      out.emplace(key, value_traits<T>::to(std::move(element)));
    return out;
  }
};

namespace detail {

template <class Function> struct signature : signature<decltype(&Function::operator())> {};
template <class R, class... P> struct signature<R (*)(P...)> {
  using result = R;
  using parameters = std::tuple<P...>;
};
template <class C, class R, class... P>
struct signature<R (C::*)(P...)> : signature<R (*)(P...)> {};
template <class C, class R, class... P>
struct signature<R (C::*)(P...) const> : signature<R (*)(P...)> {};
template <class C, class R, class... P>
struct signature<R (C::*)(P...) noexcept> : signature<R (*)(P...)> {};
template <class C, class R, class... P>
struct signature<R (C::*)(P...) const noexcept> : signature<R (*)(P...)> {};
template <class R, class... P> struct signature<R (*)(P...) noexcept> : signature<R (*)(P...)> {};

template <class Parameters> struct wants_context : std::false_type {};
template <class First, class... Rest>
struct wants_context<std::tuple<First, Rest...>>
    : std::is_same<std::remove_cvref_t<First>, job_context> {};

/// Reads argument `index` of the job as a T; remembers the first failure.
template <class T>
T read_argument(const arguments& from, std::size_t index, std::optional<error>& failure) {
  if (failure)
    return T{};
  static const value missing;
  auto read = value_traits<T>::from(index < from.args.size() ? from.args[index] : missing);
  if (read)
    return std::move(*read);
  failure = error{errc::invalid_argument,
                  index < from.args.size()
                      ? "argument " + std::to_string(index + 1) + " " + read.error().message
                      : "argument " + std::to_string(index + 1) + " is missing",
                  "args"};
  return T{};
}

template <class Function, class... Given>
task_result call(Function& function, Given&&... given) {
  using result = std::invoke_result_t<Function&, Given...>;
  if constexpr (std::is_void_v<result>) {
    function(std::forward<Given>(given)...);
    return value{};
  } else if constexpr (std::is_same_v<result, task_result>) {
    return function(std::forward<Given>(given)...);
  } else {
    return value_traits<std::remove_cvref_t<result>>::to(function(std::forward<Given>(given)...));
  }
}

template <class Function, class... First, std::size_t... Index, class... Parameter>
task_result invoke(Function& function, const arguments& args, std::index_sequence<Index...>,
                   std::type_identity<std::tuple<Parameter...>>, First&&... first) {
  if (args.args.size() > sizeof...(Parameter))
    return refuse(errc::invalid_argument,
                  "the task takes " + std::to_string(sizeof...(Parameter)) + " arguments, " +
                      std::to_string(args.args.size()) + " were given",
                  "args");
  std::optional<error> failure;
  std::tuple<std::remove_cvref_t<Parameter>...> read{
      read_argument<std::remove_cvref_t<Parameter>>(args, Index, failure)...};
  if (failure)
    return unexpected<error>{std::move(*failure)};
  return call(function, std::forward<First>(first)..., std::move(std::get<Index>(read))...);
}

template <class Tuple> struct tail;
template <class First, class... Rest> struct tail<std::tuple<First, Rest...>> {
  using type = std::tuple<Rest...>;
};

} // namespace detail

/// A function whose signature says what it needs; not already a `task_handler`.
template <class Function>
concept TypedHandler = !std::same_as<std::remove_cvref_t<Function>, task_handler> &&
                       requires { typename detail::signature<std::decay_t<Function>>::result; };

/// The handler that calls `function`. An argument that is missing or of another type ends the
/// attempt with invalid_argument and never calls it.
template <TypedHandler Function> task_handler make_handler(Function function) {
  using parameters = typename detail::signature<std::decay_t<Function>>::parameters;
  return [function = std::move(function)](const job_context& context) mutable -> task_result {
    if constexpr (detail::wants_context<parameters>::value) {
      using rest = typename detail::tail<parameters>::type;
      return detail::invoke(function, context.args(),
                            std::make_index_sequence<std::tuple_size_v<rest>>{},
                            std::type_identity<rest>{}, context);
    } else {
      return detail::invoke(function, context.args(),
                            std::make_index_sequence<std::tuple_size_v<parameters>>{},
                            std::type_identity<parameters>{});
    }
  };
}

} // namespace carillon
