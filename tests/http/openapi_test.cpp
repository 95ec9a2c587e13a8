#include "carillon/value.hpp"
#include "http/routes.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <set>

using namespace carillon;
using namespace carillon::http;

namespace {

const value& at(const value& object, const std::string& name) {
  static const value none;
  const auto* held = object.get_if<value::object>();
  const auto found = held ? held->find(name) : value::object::const_iterator{};
  return held && found != held->end() ? found->second : none;
}

void each_reference(const value& v, const std::function<void(const std::string&)>& visit) {
  if (const auto* held = v.get_if<value::object>()) {
    for (const auto& [name, element] : *held) {
      if (name == "$ref" && element.get_if<std::string>())
        visit(*element.get_if<std::string>());
      each_reference(element, visit);
    }
  } else if (const auto* list = v.get_if<value::array>()) {
    for (const auto& element : *list)
      each_reference(element, visit);
  }
}

} // namespace

TEST_CASE("openapi: every route of the table is described, and nothing else") {
  const auto document = parse_json(openapi());
  REQUIRE(document);
  CHECK(at(*document, "openapi") == value{"3.1.0"});
  std::size_t described = 0;
  for (const auto& [path, operations] : *at(*document, "paths").get_if<value::object>())
    described += operations.get_if<value::object>()->size();
  CHECK(described == routes().size());
  for (const auto& route : routes()) {
    INFO(route.method << ' ' << route.path);
    std::string method{route.method};
    for (auto& c : method)
      c = static_cast<char>(std::tolower(c));
    const auto& operation = at(at(at(*document, "paths"), std::string{route.path}), method);
    CHECK_FALSE(at(operation, "summary").is_null());
    CHECK_FALSE(at(operation, "responses").is_null());
  }
}

TEST_CASE("openapi: every reference leads somewhere") {
  const auto document = *parse_json(openapi());
  const auto& shapes = at(at(document, "components"), "schemas");
  each_reference(document, [&](const std::string& reference) {
    INFO(reference);
    constexpr std::string_view prefix = "#/components/schemas/";
    REQUIRE(reference.rfind(prefix, 0) == 0);
    CHECK_FALSE(at(shapes, reference.substr(prefix.size())).is_null());
  });
}

TEST_CASE("openapi: names of fields are unique within their schema") {
  for (const auto& shape : schemas()) {
    std::set<std::string_view> names;
    for (const auto& field : shape.fields) {
      INFO(shape.name << '.' << field.name);
      CHECK(names.insert(field.name).second);
    }
  }
}
