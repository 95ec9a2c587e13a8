#include "runs/run_files.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace carillon;
using namespace carillon::runs;

TEST_CASE("run_files: an order comes back as it was, whatever bytes it holds") {
  launch_order order{.argv = {"/bin/x", "", "a\nb", std::string{"\0\xff", 2}},
                     .env = {"A=1", "B="}};
  order.cwd = "/tmp";
  order.stdin_text = "end\n";
  order.timeout = duration{5};
  order.kill_grace = duration{-1};
  order.output_bytes_max = 9;
  auto back = decode_order(encode(order));
  REQUIRE(back);
  CHECK(back->argv == order.argv);
  CHECK(back->env == order.env);
  CHECK(back->cwd == order.cwd);
  CHECK(back->stdin_text == order.stdin_text);
  CHECK(back->timeout == order.timeout);
  CHECK(back->kill_grace == order.kill_grace);
  CHECK(back->output_bytes_max == order.output_bytes_max);
}

TEST_CASE("run_files: a report comes back as it was") {
  run_report report{run_ending::timed_out,
                    9,
                    time_point{duration{1}},
                    time_point{duration{2}},
                    "out",
                    77,
                    "",
                    "late"};
  auto back = decode_report(encode(report));
  REQUIRE(back);
  CHECK(back->ending == report.ending);
  CHECK(back->exit_code == 9);
  CHECK(back->started_at == report.started_at);
  CHECK(back->finished_at == report.finished_at);
  CHECK(back->output == "out");
  CHECK(back->output_bytes_total == 77);
  CHECK(back->stdout_text == "");
  CHECK(back->error == "late");
}

TEST_CASE("run_files: a report cut off anywhere is refused") {
  auto whole = encode(run_report{.output = "some output"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_report(std::string_view{whole}.substr(0, size)));
  }
  CHECK(decode_report(whole));
  CHECK_FALSE(decode_report(whole + "x"));
}

TEST_CASE("run_files: an unknown key of a newer version is skipped, an unknown ending is not") {
  CHECK(decode_report(encode_fields({{"ending", "exited"}, {"colour", "red"}})));
  CHECK_FALSE(decode_report(encode_fields({{"ending", "exploded"}})));
  CHECK_FALSE(decode_report(encode_fields({{"exit_code", "1"}})));
  CHECK_FALSE(decode_report(encode_fields({{"ending", "exited"}, {"exit_code", "1x"}})));
}

TEST_CASE("run_files: a pid file that is not completely written names nobody") {
  CHECK(decode_supervisor(encode(supervisor_id{12, 345}))->start_ticks == 345);
  CHECK_FALSE(decode_supervisor(""));
  CHECK_FALSE(decode_supervisor("12 345"));
  CHECK_FALSE(decode_supervisor("0 345\n"));
}

TEST_CASE("run_files: this process started later than the first one") {
  auto ticks = start_ticks_of(::getpid());
  REQUIRE(ticks);
  CHECK(*ticks >= start_ticks_of(1).value_or(0));
  CHECK_FALSE(start_ticks_of(-1));
}
