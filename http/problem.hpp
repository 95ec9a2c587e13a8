#pragma once

#include "carillon/expected.hpp"
#include "http/message.hpp"

#include <string>
#include <vector>

namespace carillon::http {

/// One field at fault.
struct field_error {
  std::string field;
  std::string message;
};

/// An answer other than success, by RFC 9457.
struct problem {
  int status = 500;
  std::string title;  ///< The same for every problem of its kind.
  std::string detail; ///< This one's story, with the numbers.
  std::vector<field_error> errors = {};
};

/// The HTTP status of `code`.
int status_of(errc code);

/// What `e` says, with its field when it has one.
problem to_problem(const error& e);

/// 400 that names every field at fault.
problem bad_input(std::vector<field_error> errors);

/// The body is `application/problem+json`.
response to_response(const problem& p);
inline response to_response(const error& e) { return to_response(to_problem(e)); }

} // namespace carillon::http
