#include "actors/node_directory.hpp"

#include "stores/holder.hpp"
#include "stores/sha256.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

namespace carillon::actors {
namespace {

/// Hex digits of the digest that names a log: enough to tell apart what one directory may hold.
constexpr std::size_t log_name_digits = 12;

/// Nothing but numbers and names in it; the URL may hold a password, so only its digest is used.
std::string name_of_log(const node_id& node, std::string_view url) {
  return stores::to_hex(stores::sha256({node.value, "\n", url})).substr(0, log_name_digits);
}

unexpected<error> denied(const std::filesystem::path& path, std::string_view why) {
  return refuse(errc::denied, "directory " + path.string() + ": " + std::string{why},
                "data_directory");
}

} // namespace

expected<std::unique_ptr<node_directory>>
node_directory::open(std::filesystem::path path, const node_id& node, std::string_view url) {
  const bool is_temporary = path.empty();
  std::error_code failed;
  if (is_temporary) {
    auto pattern = (std::filesystem::temp_directory_path() / "carillon-node-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      return denied(pattern, std::strerror(errno));
    path = pattern;
  } else if (std::filesystem::create_directories(path, failed); failed) {
    return denied(path, failed.message());
  }
  const auto holder = (path / "holder").string();
  const int lock = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return denied(path, std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return refuse(errc::conflict,
                  "directory " + path.string() + " is held by " + stores::describe_holder(holder) +
                      "; stop it, or name another directory",
                  "data_directory");
  }
  std::unique_ptr<node_directory> self{
      new node_directory{std::move(path), name_of_log(node, url), is_temporary, lock}};
  if (auto written = stores::write_holder(holder, node); !written)
    return unexpected<error>{std::move(written).error()};
  return self;
}

node_directory::~node_directory() {
  if (is_temporary_) {
    std::error_code ignored;
    for (const auto* name : {"holder", "lock", "lease"})
      std::filesystem::remove(path_ / name, ignored);
    std::filesystem::remove(session_file(), ignored);
    std::filesystem::remove_all(history(), ignored);
    std::filesystem::remove(runs(), ignored); // not empty: a command is still running there
    std::filesystem::remove(path_, ignored);
  }
  ::close(lock_);
}

std::uint64_t node_directory::last_session() const {
  std::ifstream in{session_file()};
  std::uint64_t token = 0;
  return in >> token ? token : 0;
}

void node_directory::keep_session(std::uint64_t token) const {
  const auto fresh = session_file().string() + ".new";
  std::ofstream{fresh, std::ios::trunc} << token << '\n';
  std::error_code ignored; // without it a restart has to wait until the session expires
  std::filesystem::rename(fresh, session_file(), ignored);
}

} // namespace carillon::actors
