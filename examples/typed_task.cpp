// A task whose arguments and result are C++ types, yours among them. What does not fit is refused
// before your function is called.

#include <carillon/carillon.hpp>

#include <iostream>
#include <string>
#include <vector>

/// One line of an order.
struct item {
  std::string name;
  int cents = 0;
  int count = 1;
};

/// How an item is read from and written to JSON.
template <> struct carillon::value_traits<item> {
  static expected<item> from(const value& v) {
    const auto* object = v.get_if<value::object>();
    if (object == nullptr || !object->contains("name") || !object->contains("cents"))
      return refuse(errc::invalid_argument, "is not an item with name and cents");
    const auto name = value_traits<std::string>::from(object->at("name"));
    const auto cents = value_traits<int>::from(object->at("cents"));
    if (!name || !cents)
      return refuse(errc::invalid_argument, "has a name or cents of a wrong type");
    return item{*name, *cents};
  }
  static value to(item i) { return value::object{{"name", i.name}, {"cents", i.cents}}; }
};

/// The sum of an order in cents, after a discount in percent if there is one.
int total(std::vector<item> items, std::optional<int> discount) {
  int sum = 0;
  for (const auto& i : items)
    sum += i.cents * i.count;
  return sum - sum * discount.value_or(0) / 100;
}

int main() {
  using carillon::task_id;
  using carillon::to_payload;
  using carillon::value;

  auto engine = carillon::scheduler::open();
  if (!engine || !engine->start() || !engine->register_task(task_id{"total"}, total))
    return 1;

  const value::array order{value::object{{"name", "tea"}, {"cents", 450}},
                           value::object{{"name", "cup"}, {"cents", 1250}}};
  const auto sum = engine->run_job(
      {.task = task_id{"total"}, .args = to_payload({.args = {order, 10}, .kwargs = {}})});
  if (!sum)
    return 1;
  std::cout << "the order is " << to_json(*sum) << " cents\n";

  const auto wrong = engine->run_job(
      {.task = task_id{"total"}, .args = to_payload({.args = {"tea"}, .kwargs = {}})});
  if (wrong)
    return 1;
  std::cout << to_string(wrong.error().code) << ": " << wrong.error().message << "\n";
}
