#include "stores/holder.hpp"

#include <fmt/core.h>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace carillon::stores {

expected<void> write_holder(const std::string& path, const node_id& node) {
  auto fresh = path + ".new";
  {
    std::ofstream out{fresh, std::ios::trunc};
    out << ::getpid() << ' ' << node.value << '\n';
    out.flush();
    if (!out)
      return refuse(errc::unavailable, "cannot write " + fresh);
  }
  std::error_code failed;
  std::filesystem::rename(fresh, path, failed);
  if (failed)
    return refuse(errc::unavailable, fmt::format("cannot write {}: {}", path, failed.message()));
  return {};
}

std::string describe_holder(const std::string& path) {
  std::ifstream in{path};
  long pid = 0;
  std::string node;
  if (!(in >> pid))
    return "another process";
  in >> node;
  return node.empty() ? fmt::format("process {}", pid)
                      : fmt::format("process {} (node '{}')", pid, node);
}

} // namespace carillon::stores
