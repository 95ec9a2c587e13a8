#include "runs/run_files.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <fcntl.h>

namespace carillon::runs {
namespace {

constexpr std::array<const char*, 7> ending_names{
    "exited", "signalled", "timed_out", "cancelled", "not_started", "lost", "lease_lost"};

expected<run_ending> ending_of(const std::string& name) {
  for (std::size_t i = 0; i < ending_names.size(); ++i)
    if (name == ending_names[i])
      return static_cast<run_ending>(i);
  return refuse(errc::unsupported, "run file: unknown ending '" + name + "'", "ending");
}

std::string text_of(time_point t) { return std::to_string(t.time_since_epoch().count()); }

// Writes `number` through `assign`, or keeps the first error in `status`.
template <class Assign> void take_number(const field& f, expected<void>& status, Assign assign) {
  auto number = number_of(f);
  if (number)
    assign(*number);
  else if (status)
    status = unexpected<error>{std::move(number).error()};
}

} // namespace

const char* to_string(run_ending ending) {
  return ending_names.at(static_cast<std::size_t>(ending));
}

std::string encode(const launch_order& order) {
  std::vector<field> fields;
  for (const auto& argument : order.argv)
    fields.push_back({"argv", argument});
  for (const auto& variable : order.env)
    fields.push_back({"env", variable});
  fields.push_back({"cwd", order.cwd});
  fields.push_back({"stdin", order.stdin_text});
  if (order.timeout)
    fields.push_back({"timeout_us", std::to_string(order.timeout->count())});
  fields.push_back({"kill_grace_us", std::to_string(order.kill_grace.count())});
  fields.push_back({"output_bytes_max", std::to_string(order.output_bytes_max)});
  if (!order.lease.empty()) {
    fields.push_back({"lease", order.lease});
    fields.push_back({"disconnect_grace_us", std::to_string(order.disconnect_grace.count())});
  }
  return encode_fields(fields);
}

expected<launch_order> decode_order(std::string_view text) {
  auto fields = decode_fields(text);
  if (!fields)
    return unexpected<error>{std::move(fields).error()};
  launch_order order;
  expected<void> status;
  for (auto& f : *fields) {
    if (f.key == "argv")
      order.argv.push_back(std::move(f.value));
    else if (f.key == "env")
      order.env.push_back(std::move(f.value));
    else if (f.key == "cwd")
      order.cwd = std::move(f.value);
    else if (f.key == "stdin")
      order.stdin_text = std::move(f.value);
    else if (f.key == "timeout_us")
      take_number(f, status, [&](auto n) { order.timeout = duration{n}; });
    else if (f.key == "kill_grace_us")
      take_number(f, status, [&](auto n) { order.kill_grace = duration{n}; });
    else if (f.key == "output_bytes_max")
      take_number(f, status, [&](auto n) { order.output_bytes_max = static_cast<std::size_t>(n); });
    else if (f.key == "lease")
      order.lease = std::move(f.value);
    else if (f.key == "disconnect_grace_us")
      take_number(f, status, [&](auto n) { order.disconnect_grace = duration{n}; });
    // Unknown keys come from a newer daemon and are skipped.
  }
  if (!status)
    return unexpected<error>{std::move(status).error()};
  return order;
}

std::string encode(const run_report& report) {
  std::vector<field> fields{
      {"ending", to_string(report.ending)},
      {"exit_code", std::to_string(report.exit_code)},
      {"started_us", text_of(report.started_at)},
      {"finished_us", text_of(report.finished_at)},
      {"output", report.output},
      {"output_bytes_total", std::to_string(report.output_bytes_total)},
      {"error", report.error},
  };
  if (report.stdout_text)
    fields.push_back({"stdout", *report.stdout_text});
  return encode_fields(fields);
}

expected<run_report> decode_report(std::string_view text) {
  auto fields = decode_fields(text);
  if (!fields)
    return unexpected<error>{std::move(fields).error()};
  run_report report;
  expected<void> status = refuse(errc::corrupt, "run file: no ending", "ending");
  for (auto& f : *fields) {
    if (f.key == "ending") {
      auto ending = ending_of(f.value);
      if (!ending)
        return unexpected<error>{std::move(ending).error()};
      report.ending = *ending;
      status = {};
    } else if (f.key == "exit_code")
      take_number(f, status, [&](auto n) { report.exit_code = static_cast<int>(n); });
    else if (f.key == "started_us")
      take_number(f, status, [&](auto n) { report.started_at = time_point{duration{n}}; });
    else if (f.key == "finished_us")
      take_number(f, status, [&](auto n) { report.finished_at = time_point{duration{n}}; });
    else if (f.key == "output")
      report.output = std::move(f.value);
    else if (f.key == "output_bytes_total")
      take_number(f, status,
                  [&](auto n) { report.output_bytes_total = static_cast<std::uint64_t>(n); });
    else if (f.key == "error")
      report.error = std::move(f.value);
    else if (f.key == "stdout")
      report.stdout_text = std::move(f.value);
  }
  if (!status)
    return unexpected<error>{std::move(status).error()};
  return report;
}

std::optional<std::int64_t> start_ticks_of(int pid) {
  auto path = "/proc/" + std::to_string(pid) + "/stat";
  auto text = read_file(AT_FDCWD, path.c_str(), 16 * 1024);
  if (!text)
    return std::nullopt;
  // The name in parentheses may hold blanks and parentheses: what counts starts after the last one.
  auto name_end = text->rfind(')');
  if (name_end == std::string::npos)
    return std::nullopt;
  std::int64_t start_ticks = 0;
  constexpr const char* layout = " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
                                 " %*d %*d %*d %" SCNd64;
  if (std::sscanf(text->c_str() + name_end + 1, layout, &start_ticks) != 1)
    return std::nullopt;
  return start_ticks;
}

std::string encode(const supervisor_id& id) {
  return std::to_string(id.pid) + " " + std::to_string(id.start_ticks) + "\n";
}

expected<supervisor_id> decode_supervisor(std::string_view text) {
  supervisor_id id;
  char line_end = 0;
  std::string copy{text};
  if (std::sscanf(copy.c_str(), "%d %" SCNd64 "%c", &id.pid, &id.start_ticks, &line_end) != 3 ||
      line_end != '\n' || id.pid <= 0)
    return refuse(errc::corrupt, "the pid file is incomplete");
  return id;
}

} // namespace carillon::runs
