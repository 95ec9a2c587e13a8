// A program that knows nothing of Carillon but its installed headers.

#include <carillon/ids.hpp>
#include <carillon/time.hpp>
#include <iostream>

int main() {
  const auto instant = carillon::parse_instant("2026-03-29T03:00:00+02:00");
  if (!instant) {
    std::cerr << instant.error().message << "\n";
    return 1;
  }
  std::cout << carillon::to_rfc3339(*instant) << "\n";
}
