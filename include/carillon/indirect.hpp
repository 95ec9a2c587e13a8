#pragma once

#include <memory>
#include <utility>

namespace carillon {

/// A T that lives outside the object that holds it, so that a rare large part does not make every
/// object large. A value like T itself: copies are deep, equality is T's. Only a moved-from one is
/// empty, and may be assigned to or destroyed.
template <class T> class indirect {
public:
  indirect() : value_{std::make_unique<T>()} {}
  indirect(const T& value) : value_{std::make_unique<T>(value)} {}
  indirect(T&& value) : value_{std::make_unique<T>(std::move(value))} {}
  indirect(const indirect& other)
      : value_{other.value_ ? std::make_unique<T>(*other.value_) : nullptr} {}
  indirect(indirect&&) noexcept = default;
  indirect& operator=(const indirect& other) {
    if (this != &other)
      value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
    return *this;
  }
  indirect& operator=(indirect&&) noexcept = default;
  ~indirect() = default;

  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return value_.get(); }
  const T* operator->() const noexcept { return value_.get(); }
  operator const T&() const noexcept { return *value_; }

  friend bool operator==(const indirect& a, const indirect& b) { return *a == *b; }

private:
  std::unique_ptr<T> value_;
};

} // namespace carillon
