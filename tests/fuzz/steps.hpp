#pragma once

#include "carillon/trigger.hpp"

#include <string_view>

/// What the targets share.
namespace carillon::fuzz {

/// Longer inputs are not looked at: what they cost is a matter of their length.
inline constexpr std::size_t input_size_max = 4096;

/// Aborts when the claim does not hold.
void require(bool claim);

/// Whatever is accepted is stored and read back equal, steps forwards, and a seek agrees with it.
void step(const trigger_spec& spec);

/// The number that the first byte stands for, below `count`, and the rest.
struct choice {
  unsigned which = 0;
  std::string_view rest = {};
};
choice choose(std::string_view input, unsigned count);

} // namespace carillon::fuzz
