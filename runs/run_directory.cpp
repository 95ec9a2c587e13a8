#include "runs/run_directory.hpp"

#include "carillon/value.hpp"
#include "runs/environment.hpp"
#include "runs/leftovers.hpp"
#include "runs/pidfd.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::runs {
namespace {

constexpr std::size_t spec_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t pid_bytes_max = 64;
// The report holds the output that was asked for, so only a mad file is over this.
constexpr std::size_t outcome_bytes_max = 256 * 1024 * 1024;

launch_order order_from(const run_spec& spec) {
  return {spec.argv,       clean_environment(spec), spec.cwd,   spec.stdin_json,      spec.timeout,
          spec.kill_grace, spec.output_bytes_max,   spec.lease, spec.disconnect_grace};
}

time_point wall_now() {
  return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
}

// The one JSON value that `text` is, as compact text.
std::optional<std::string> json_value_of(const std::string& text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos ||
      std::string_view{"{[\"-0123456789tfn"}.find(text[first]) == std::string_view::npos)
    return std::nullopt;
  auto parsed = parse_json(text);
  if (!parsed)
    return std::nullopt;
  auto compact = to_json(*parsed);
  if (compact.size() > return_value_bytes_max)
    return std::nullopt;
  return compact;
}

run_outcome outcome_from(const run_key& key, run_report report) {
  run_outcome outcome{key.job,
                      key.fence,
                      report.ending,
                      report.exit_code,
                      report.started_at,
                      report.finished_at,
                      std::move(report.output),
                      report.output_bytes_total,
                      {},
                      std::move(report.error)};
  if (report.ending == run_ending::exited && report.stdout_text)
    outcome.return_value = json_value_of(*report.stdout_text);
  return outcome;
}

} // namespace

std::string name_of(const run_key& key) {
  return to_string(key.job) + "-" + std::to_string(key.fence);
}

std::optional<run_key> key_of(std::string_view name) {
  auto dash = name.rfind('-');
  if (dash == std::string_view::npos)
    return std::nullopt;
  auto job = parse_id<job_id>(name.substr(0, dash));
  auto number = name.substr(dash + 1);
  std::uint64_t fence = 0;
  auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), fence);
  if (!job || code != std::errc{} || end != number.data() + number.size())
    return std::nullopt;
  run_key key{*job, fence};
  return name_of(key) == name ? std::optional{key} : std::nullopt;
}

unique_fd::~unique_fd() {
  if (fd_ >= 0)
    ::close(fd_);
}

expected<run_directories> run_directories::open(const std::filesystem::path& path) {
  std::error_code code;
  auto absolute = std::filesystem::absolute(path, code).lexically_normal();
  if (code)
    return refuse(errc::internal, "runs directory '" + path.string() + "': " + code.message());
  if (absolute.has_parent_path())
    std::filesystem::create_directories(absolute.parent_path(), code);
  if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST)
    return refuse_errno("making runs directory '" + absolute.string() + "'");
  if (!unique_fd{::open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)})
    return refuse_errno("opening runs directory '" + absolute.string() + "'");
  return run_directories{std::move(absolute)};
}

unique_fd run_directories::open_run(const run_key& key) const {
  return unique_fd{::open(path_of(key).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
}

expected<unique_fd> run_directories::create(const run_key& key, const run_spec& spec) const {
  auto text = encode(order_from(spec));
  if (text.size() > spec_bytes_max)
    return refuse(errc::limit_exceeded, "argv, environment and arguments take " +
                                            std::to_string(text.size()) + " bytes, at most " +
                                            std::to_string(spec_bytes_max) + " are allowed");
  if (::mkdir(path_of(key).c_str(), 0700) != 0) {
    if (errno == EEXIST)
      return refuse(errc::conflict, "run " + name_of(key) + " was started before");
    return refuse_errno("making run directory " + name_of(key));
  }
  auto run = open_run(key);
  expected<void> done;
  if (!run)
    done = refuse_errno("opening run directory " + name_of(key));
  else
    done = write_file(run.get(), spec_file, text);
  unique_fd lock;
  if (done) {
    lock = unique_fd{
        ::openat(run.get(), lock_file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
      done = refuse_errno("locking run " + name_of(key));
  }
  if (!done) {
    remove(key);
    return unexpected<error>{std::move(done).error()};
  }
  return lock;
}

bool run_directories::is_locked(const run_key& key) const {
  auto run = open_run(key);
  if (!run)
    return false;
  unique_fd lock{::openat(run.get(), lock_file, O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
  if (!lock)
    return errno != ENOENT; // no descriptor left is no proof that it is dead
  return ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

unique_fd run_directories::open_supervisor(const run_key& key) const {
  auto run = open_run(key);
  if (!run)
    return unique_fd{};
  auto text = read_file(run.get(), pid_file, pid_bytes_max);
  if (!text)
    return unique_fd{};
  auto id = decode_supervisor(*text);
  if (!id)
    return unique_fd{};
  unique_fd process{::pidfd_open(id->pid, 0)};
  // Looked at after opening: if it is the same process now, the descriptor is of that process.
  if (start_ticks_of(id->pid) != id->start_ticks)
    return unique_fd{};
  return process;
}

expected<void> run_directories::write_cancel(const run_key& key, duration grace) const {
  auto run = open_run(key);
  if (!run)
    return refuse_errno("opening run directory " + name_of(key));
  return write_file(run.get(), cancel_file, std::to_string(grace.count()));
}

run_outcome run_directories::collect(const run_key& key) const {
  auto run = open_run(key);
  auto text = read_file(run.get(), outcome_file, outcome_bytes_max);
  std::string why = "the supervisor ended without an outcome";
  if (text) {
    auto report = decode_report(*text);
    if (report)
      return outcome_from(key, std::move(*report));
    why = report.error().message;
  } else if (text.error().code != errc::not_found) {
    why = text.error().message;
  }
  run_outcome lost{.job = key.job, .fence = key.fence, .ending = run_ending::lost};
  lost.finished_at = lost.started_at = wall_now();
  struct stat info {};
  if (run && ::fstatat(run.get(), spec_file, &info, AT_SYMLINK_NOFOLLOW) == 0)
    lost.started_at = time_point{std::chrono::seconds{info.st_mtim.tv_sec} +
                                 duration{info.st_mtim.tv_nsec / 1000}};
  if (auto killed = kill_leftovers(key.job, key.fence); killed > 0)
    why += "; " + std::to_string(killed) + " processes it left were killed";
  lost.error = std::move(why);
  return lost;
}

void run_directories::remove(const run_key& key) const {
  std::error_code code; // what cannot be removed is met again by the next adopt
  std::filesystem::remove_all(path_of(key), code);
}

std::vector<run_key> run_directories::list() const {
  std::vector<run_key> keys;
  std::error_code code;
  std::filesystem::directory_iterator it{path_, code};
  for (; !code && it != std::filesystem::directory_iterator{}; it.increment(code))
    if (auto key = key_of(it->path().filename().string()))
      keys.push_back(*key);
  return keys;
}

} // namespace carillon::runs
