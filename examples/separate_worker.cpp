// Some programs order work, others do it; a PostgreSQL log is all they share:
//
//     separate_worker worker URL     runs reports until SIGTERM; start as many as you like
//     separate_worker client URL     orders three reports and waits for them
//
// URL is a log that `carillon migrate --log URL` has made.

#include <carillon/carillon.hpp>

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using carillon::task_id;

namespace {

const task_id report{"report"};

/// Two processes never have one name at the same time.
std::string own_name(std::string_view what) {
  return std::string{what} + "-" + std::to_string(::getpid());
}

int fail(const carillon::error& e) {
  std::cerr << e.message << "\n";
  return 1;
}

std::string make_report(std::string customer) { return "the report about " + customer; }

int run_worker(const std::string& url, const sigset_t& end) {
  // It runs jobs and fires no schedules.
  auto engine = carillon::scheduler::open(
      {.log = url, .node = own_name("worker"), .role = carillon::node_role::worker});
  if (!engine)
    return fail(engine.error());
  if (auto known = engine->register_task(report, make_report); !known)
    return fail(known.error());
  if (auto started = engine->start(); !started)
    return fail(started.error());
  int signal = 0;
  sigwait(&end, &signal);
  engine->stop(); // what runs may finish; what waits is the other workers'
  return 0;
}

int run_client(const std::string& url) {
  // Never started: it asks and sees, but fires and runs nothing.
  auto engine = carillon::scheduler::open({.log = url, .node = own_name("client")});
  if (!engine)
    return fail(engine.error());
  // Jobs may be ordered before there is a worker; the task has to be known.
  if (auto made = engine->ask(carillon::configure_task{report}); !made)
    return fail(made.error());
  std::vector<carillon::job_id> ordered;
  for (const std::string customer : {"Ada", "Grace", "Mary"}) {
    const auto job = engine->add_job({.task = report,
                                      .args = carillon::to_payload({.args = {customer}}),
                                      .result_expiration = 1h});
    if (!job)
      return fail(job.error());
    ordered.push_back(*job);
  }
  for (const auto& job : ordered) {
    const auto result = engine->result(job, 1min);
    if (!result)
      return fail(result.error());
    const auto seen = engine->job(job);
    const bool is_elsewhere = seen && seen->node.value.starts_with("worker-");
    std::cout << (result->return_value ? to_json(*result->return_value) : "nothing")
              << (is_elsewhere ? ", made by a worker\n" : "\n");
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::string role = argc == 3 ? argv[1] : "";
  if (role != "worker" && role != "client") {
    std::cerr << "usage: separate_worker worker|client URL\n";
    return 2;
  }
  // Before there are threads: all of them leave the signal to `sigwait`.
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  if (role == "client")
    return run_client(argv[2]);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  return run_worker(argv[2], end);
}
