#pragma once

#include "stores/postgres_link.hpp"
#include "stores/sessions.hpp"

#include <memory>

namespace carillon::stores {

/// Sessions in the table of a PostgreSQL log, over a connection of their own.
std::unique_ptr<session_store> make_postgres_sessions(const postgres_url& url,
                                                      std::shared_ptr<postgres_identity> identity,
                                                      duration patience);

} // namespace carillon::stores
