#include "carillon/http.hpp"
#include "http/engine_fixture.hpp"
#include "http/limits.hpp"

#include <httplib.h>

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::http;

namespace {

httplib::Client client_of(const http_server& server) { return httplib::Client{server.address()}; }

const httplib::Headers good{{"Authorization", "Bearer a-token-of-the-test"}};

http_options options() { return {.listen = "127.0.0.1:0", .token = "a-token-of-the-test"}; }

} // namespace

TEST_CASE("server: the token opens the door, nothing else does") {
  engine_fixture fixture;
  auto server = http_server::serve(fixture.engine, options());
  REQUIRE(server);
  auto client = client_of(*server);
  CHECK(client.Get("/livez")->status == 200);
  CHECK(client.Get("/v1/status")->status == 401);
  CHECK(client.Get("/v1/status", {{"Authorization", "Bearer wrong"}})->status == 401);
  CHECK(client.Get("/v1/status")->get_header_value("WWW-Authenticate") == "Bearer");
  CHECK(client.Get("/v1/status", good)->status == 200);
}

TEST_CASE("server: bodies are read whatever their type says, up to the limit") {
  engine_fixture fixture;
  auto server = http_server::serve(fixture.engine, options());
  auto client = client_of(*server);
  client.set_keep_alive(true);
  const std::string big = R"({"argv":["/bin/true"],"stdin":")" + std::string(20'000, 'x') + "\"}";
  CHECK(client.Put("/v1/tasks/a", good, big, "application/x-www-form-urlencoded")->status == 201);
  const auto oversized = std::string(body_bytes_max + 1, ' ');
  CHECK(client.Put("/v1/tasks/b", good, oversized, "application/json")->status == 413);
  // The connection is still in step.
  CHECK(client.Get("/v1/tasks/a", good)->status == 200);
  CHECK(client.Get("/v1/tasks/b", good)->status == 404);
}

TEST_CASE("server: a POST without any body does not hang") {
  engine_fixture fixture;
  auto server = http_server::serve(fixture.engine, options());
  auto client = client_of(*server);
  CHECK(client.Post("/v1/schedules/none/pause", good, "", "")->status == 404);
}

TEST_CASE("server: oversized headers are refused") {
  engine_fixture fixture;
  auto server = http_server::serve(fixture.engine, options());
  auto client = client_of(*server);
  auto headers = good;
  for (int i = 0; i < 4; ++i)
    headers.emplace("X-Filler-" + std::to_string(i), std::string(6'000, 'x'));
  CHECK(client.Get("/v1/status", headers)->status == 431);
}

TEST_CASE("server: what a page of another origin makes a browser send is refused") {
  engine_fixture fixture;
  auto open = options();
  open.no_auth = true;
  auto server = http_server::serve(fixture.engine, open);
  auto client = client_of(*server);
  CHECK(client.Get("/v1/status")->status == 200);
  CHECK(client.Get("/v1/status", {{"Origin", "http://evil.example"}})->status == 403);
  CHECK(client.Get("/v1/status", {{"Host", "evil.example"}})->status == 403);
}

TEST_CASE("server: any address but loopback is refused") {
  engine_fixture fixture;
  auto far = options();
  far.listen = "0.0.0.0:0";
  const auto refused = http_server::serve(fixture.engine, far);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
}

TEST_CASE("server: a port that is taken is refused") {
  engine_fixture fixture;
  auto server = http_server::serve(fixture.engine, options());
  auto second = options();
  second.listen = server->address().substr(std::string_view{"http://"}.size());
  const auto refused = http_server::serve(fixture.engine, second);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
}

TEST_CASE("server: a Unix socket needs no token and belongs to its user alone") {
  engine_fixture fixture;
  const auto path = std::filesystem::temp_directory_path() /
                    ("carillon_server_test_" + std::to_string(::getpid()) + ".sock");
  {
    auto server = http_server::serve(fixture.engine, {.listen = "unix:" + path.string()});
    REQUIRE(server);
    struct stat about {};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    httplib::ClientImpl client{path.string(), 80};
    client.set_address_family(AF_UNIX);
    const auto answered = client.Get("/v1/status", httplib::Headers{{"Host", "localhost"}});
    REQUIRE(answered);
    CHECK(answered->status == 200);
    CHECK_FALSE(http_server::serve(fixture.engine, {.listen = "unix:" + path.string()}));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("server: a stream sends the records after the last one seen") {
  engine_fixture fixture;
  auto server = http_server::serve(fixture.engine, options());
  fixture.answer("PUT", "/v1/tasks/a", "{}");
  const auto seen = fixture.engine.status().at;
  fixture.answer("PUT", "/v1/tasks/b", "{}");
  auto client = client_of(*server);
  auto headers = good;
  headers.emplace("Last-Event-ID", std::to_string(seen));
  std::string text;
  client.Get("/v1/events/stream", headers, [&](const char* data, std::size_t size) {
    text.append(data, size);
    return text.find("task-b") == std::string::npos;
  });
  CHECK(text.find("id: " + std::to_string(seen + 1) + "\nevent: task_added\n") !=
        std::string::npos);
  CHECK(text.find("task-a") == std::string::npos);
}
