#include "http/json_writer.hpp"
#include "http/routes.hpp"

#include <array>

namespace carillon::http {
namespace {

/// Prometheus text: a family's two comment lines, then its samples.
class exposition {
public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ += "# HELP " + name_ + ' ' + std::string{help} + "\n# TYPE " + name_ + ' ' +
            std::string{type} + '\n';
  }
  void sample(std::uint64_t value, std::string_view label = {}, std::string_view text = {}) {
    sample(std::to_string(value), label, text);
  }
  void sample(const std::string& value, std::string_view label, std::string_view text) {
    out_ += name_;
    if (!label.empty())
      out_ += '{' + std::string{label} + '=' + json_text(text) + '}';
    out_ += ' ' + value + '\n';
  }
  void one(std::string_view name, std::string_view type, std::string_view help,
           std::uint64_t value) {
    family(name, type, help);
    sample(value);
  }
  std::string done() && { return std::move(out_); }

private:
  std::string out_;
  std::string name_;
};

std::string unix_seconds(time_point t) { return json_seconds(t.time_since_epoch()); }

} // namespace

std::string metrics(const scheduler& engine) {
  const auto status = engine.status();
  const auto stats = engine.stats();
  exposition out;
  out.family("carillon_build_info", "gauge", "Always 1; the version is the label");
  out.sample("1", "version", status.version);
  out.family("carillon_up", "gauge", "1 when the engine is started");
  out.sample(engine.state() == scheduler_state::started ? 1 : 0);
  out.family("carillon_start_time_seconds", "gauge", "When this node started");
  out.sample(unix_seconds(status.started_at), {}, {});
  out.family("carillon_jobs_total", "counter", "Jobs finished since the start, by outcome");
  for (std::size_t i = 0; i < stats.jobs_by_outcome.size(); ++i)
    out.sample(stats.jobs_by_outcome[i], "outcome", to_string(static_cast<job_outcome>(i)));
  out.one("carillon_jobs_running", "gauge", "Jobs that are running", status.jobs_running);
  out.family("carillon_queue_depth", "gauge", "Jobs that wait");
  out.sample(status.jobs_waiting, "state", "waiting");
  out.one("carillon_schedule_fires_total", "counter", "Fire records since the start", stats.fires);
  out.one("carillon_schedules", "gauge", "Schedules", status.schedules);
  out.one("carillon_tasks", "gauge", "Tasks", status.tasks);
  out.one("carillon_log_position", "gauge", "Last position applied", status.at);
  out.one("carillon_commits_total", "counter", "Commits since the start", stats.commits);
  out.one("carillon_records_total", "counter", "Records since the start", stats.records);
  out.one("carillon_blocks_total", "counter", "Synced writes since the start", stats.blocks);
  out.one("carillon_conflicts_total", "counter", "Commits that met a conflict", stats.conflicts);
  out.one("carillon_waiting_bytes", "gauge", "Commands that wait for the log",
          status.waiting_bytes);
  return std::move(out).done();
}

} // namespace carillon::http
