#pragma once

#include "runs/run_spec.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::runs {

/// Keeps the end of what a command writes, and all of its standard output while that is short.
class output_tail {
public:
  explicit output_tail(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  /// Adds what came from standard output (`is_stdout`) or standard error.
  void add(std::string_view bytes, bool is_stdout) {
    total_ += bytes.size();
    if (is_stdout && stdout_text_) {
      if (stdout_text_->size() + bytes.size() <= return_value_bytes_max)
        stdout_text_->append(bytes);
      else
        stdout_text_.reset();
    }
    tail_.append(bytes);
    // Cut at twice the limit, so that each byte moves once on average.
    if (tail_.size() / 2 >= bytes_max_)
      cut();
  }

  /// The last `bytes_max` bytes.
  std::string take_tail() {
    cut();
    return std::move(tail_);
  }
  /// All of standard output; none if it went over `return_value_bytes_max`.
  std::optional<std::string> take_stdout() { return std::move(stdout_text_); }
  /// Bytes added so far.
  std::uint64_t total() const { return total_; }

private:
  void cut() {
    if (tail_.size() > bytes_max_)
      tail_.erase(0, tail_.size() - bytes_max_);
  }

  std::size_t bytes_max_;
  std::uint64_t total_ = 0;
  std::string tail_;
  std::optional<std::string> stdout_text_ = std::string{};
};

} // namespace carillon::runs
