// A scheduler inside your own program: open, start, say what should happen when.

#include <carillon/carillon.hpp>

#include <future>
#include <iostream>

using namespace std::chrono_literals;

int main() {
  auto engine = carillon::scheduler::open(); // its log is in memory; "rocksdb:DIR" keeps it
  if (!engine || !engine->start())
    return 1;

  std::promise<void> three_times;
  const auto added = engine->every("greeting", 50ms, [&three_times, n = 0]() mutable {
    if (++n <= 3)
      std::cout << "hello " << n << std::endl;
    if (n == 3)
      three_times.set_value();
  });
  if (!added)
    return 1;
  three_times.get_future().wait();
  engine->stop();
  std::cout << "bye\n";
}
