#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

/// Counts what a test program takes from the heap. Include it in one source of the program: it
/// replaces operator new and delete, the forms that do not throw as well, since a sanitizer brings
/// its own and takes a mixture for a mistake.
namespace carillon::test {

struct memory_taken {
  std::size_t pieces = 0;
  std::size_t bytes = 0;
};

/// By this thread, so far.
inline thread_local memory_taken taken;

inline void* take_memory(std::size_t size) noexcept {
  ++taken.pieces;
  taken.bytes += size;
  return std::malloc(size == 0 ? 1 : size);
}

} // namespace carillon::test

// Not inlined: gcc takes the pairs for mismatched otherwise.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* const memory = carillon::test::take_memory(size))
    return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return carillon::test::take_memory(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
