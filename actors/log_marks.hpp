#pragma once

#include "carillon/event.hpp"

#include <type_traits>

namespace carillon::actors {

/// The job that `e` is about; nullptr when it is about something else.
inline const job_id* job_id_of(const event& e) {
  return std::visit(
      [](const auto& what) -> const job_id* {
        if constexpr (std::decay_t<decltype(what)>::category == stream_category::job)
          return &what.id;
        else
          return nullptr;
      },
      e);
}

} // namespace carillon::actors
