#include "tools/accounts.hpp"

#include <pwd.h>
#include <unistd.h>

namespace carillon::tools {

expected<account> find_account(const std::string& user) {
  const auto* found = user.empty() ? ::getpwuid(::geteuid()) : ::getpwnam(user.c_str());
  if (!found)
    return refuse(errc::not_found, "there is no user '" + user + "' on this machine");
  return account{found->pw_name, found->pw_dir};
}

} // namespace carillon::tools
