// A program that knows nothing of Carillon but its trigger library: the next times of a crontab.

#include <carillon/fire_times.hpp>
#include <iostream>

int main() {
  using namespace carillon;
  const auto trigger = fire_times::parse("30 2 * * *", trigger_notation::crontab,
                                         {.default_zone = "Europe/Berlin"});
  if (!trigger) {
    std::cerr << trigger.error().message << "\n";
    return 1;
  }
  const auto times = trigger->preview(2, parse_instant("2026-03-28T00:00:00Z").value());
  if (!times)
    return 1;
  for (const auto at : times->fires)
    std::cout << trigger->to_text(at) << "\n";
}
