// A web server that queues slow work instead of doing it while the browser waits:
//
//     POST /reports       202 and the job's id
//     GET  /reports/ID    200 and the result, or 202 while there is none
//
// The program is its own client, on a free port of this machine.

#include <carillon/carillon.hpp>

#include <httplib.h>

#include <iostream>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using carillon::task_id;

namespace {

/// The slow work.
std::string make_report(std::string customer) {
  std::this_thread::sleep_for(100ms);
  return "the report about " + customer;
}

void add_routes(httplib::Server& server, carillon::scheduler& engine) {
  server.Post("/reports", [&engine](const httplib::Request& request, httplib::Response& response) {
    const auto job =
        engine.add_job({.task = task_id{"report"},
                        .args = carillon::to_payload({.args = {request.body}, .kwargs = {}}),
                        .result_expiration = 1h});
    response.status = job ? 202 : 503;
    response.set_content(job ? to_string(*job) : job.error().message, "text/plain");
  });
  server.Get("/reports/([0-9a-f-]+)", [&engine](const httplib::Request& request,
                                                httplib::Response& response) {
    const auto id = carillon::parse_id<carillon::job_id>(request.matches[1].str());
    const auto result = id ? engine.result(*id) : carillon::unexpected{id.error()};
    if (result && result->return_value) {
      response.set_content(to_json(*result->return_value), "application/json");
    } else {
      const bool is_on_its_way = !result && result.error().code == carillon::errc::not_ready;
      response.status = is_on_its_way ? 202 : 404;
    }
  });
}

/// What a browser would do.
int order_a_report(int port) {
  httplib::Client client{"127.0.0.1", port};
  const auto ordered = client.Post("/reports", "Ada", "text/plain");
  if (!ordered)
    return 1;
  std::cout << "ordered: " << ordered->status << "\n";
  for (;;) {
    const auto seen = client.Get("/reports/" + ordered->body);
    if (!seen)
      return 1;
    if (seen->status == 202) {
      std::this_thread::sleep_for(10ms);
      continue;
    }
    std::cout << "received: " << seen->status << " " << seen->body << "\n";
    return 0;
  }
}

} // namespace

int main() {
  auto engine = carillon::scheduler::open();
  if (!engine || !engine->start() || !engine->register_task(task_id{"report"}, make_report))
    return 1;
  httplib::Server server;
  add_routes(server, *engine);
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving{[&server] { server.listen_after_bind(); }};
  const int status = order_a_report(port);
  server.stop();
  serving.join();
  return status;
}
