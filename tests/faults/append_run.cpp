// append_run LEDGER MS [RC]: what the tasks of these tests run. Writes what a run saw of itself, as
// the history checker reads it (ledger_check.py, input 2): a line when it starts, and after MS
// milliseconds one when it ends. Each line is one write to the end of the file, so that lines of
// many runs do not mix, and a kill leaves a line whole or absent. Ends with RC (default 0).

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

long long now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

std::string start_line(const std::string& run) {
  auto line = "{\"run\":\"" + run + "\",\"job\":\"" + variable("CARILLON_JOB_ID") + "\"";
  if (const auto schedule = variable("CARILLON_SCHEDULE_ID"); !schedule.empty())
    line += ",\"schedule\":\"" + schedule + "\"";
  if (const auto due = variable("CARILLON_DUE_MS"); !due.empty())
    line += ",\"due\":" + due;
  return line + ",\"attempt\":" + variable("CARILLON_ATTEMPT") +
         ",\"fence\":" + variable("CARILLON_FENCE") + ",\"node\":\"" + variable("CARILLON_NODE") +
         "\",\"start\":" + std::to_string(now_ms()) + "}\n";
}

bool append(int file, const std::string& line) {
  return ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 64;
  const int file = ::open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const auto rc = argc > 3 ? std::atoi(argv[3]) : 0;
  // A process id comes again, but not at the same millisecond.
  const auto run = std::to_string(::getpid()) + "-" + std::to_string(now_ms());
  if (file < 0 || !append(file, start_line(run)))
    return 74;
  std::this_thread::sleep_for(std::chrono::milliseconds{std::atoi(argv[2])});
  const auto end = "{\"run\":\"" + run + "\",\"end\":" + std::to_string(now_ms()) +
                   ",\"rc\":" + std::to_string(rc) + "}\n";
  return append(file, end) ? rc : 74;
}
