// A program that knows nothing of Carillon but its installed headers: one task, one job, one value.

#include <carillon/carillon.hpp>
#include <iostream>

int main() {
  using namespace carillon;
  const auto fail = [](const error& e) {
    std::cerr << e.message << "\n";
    return 1;
  };
  auto engine = scheduler::open({.log = "memory:"});
  if (!engine)
    return fail(engine.error());
  if (auto added = engine->register_task(task_id{"add"}, [](int a, int b) { return a + b; });
      !added)
    return fail(added.error());
  if (auto started = engine->start(); !started)
    return fail(started.error());
  const auto sum = engine->run_job(
      {.task = task_id{"add"}, .args = to_payload({.args = {20, 22}, .kwargs = {}})});
  if (!sum)
    return fail(sum.error());
  std::cout << to_json(*sum) << "\n";
  return to_json(*sum) == "42" ? 0 : 1;
}
