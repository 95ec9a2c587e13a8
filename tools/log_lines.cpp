#include "tools/log_lines.hpp"

#include "http/json_writer.hpp"
#include "tools/table.hpp"

#include <iostream>
#include <memory>
#include <mutex>
#include <unistd.h>

namespace carillon::tools {
namespace {

std::string_view name_of(log_level level) {
  switch (level) {
  case log_level::debug: return "debug";
  case log_level::info: return "info";
  case log_level::warning: return "warning";
  case log_level::error: return "error";
  }
  return "info";
}

} // namespace

log_sink log_lines(std::string node) {
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  auto mutex = std::make_shared<std::mutex>();
  return [=, node = std::move(node)](log_level level, std::string_view text) {
    const auto now = wall_clock().now();
    std::string line;
    if (is_terminal) {
      line = local_text(now) + "  " + std::string{name_of(level)} + "  " + std::string{text};
    } else {
      http::json_object out;
      out.time("time", now).text("level", name_of(level));
      if (!node.empty())
        out.text("node", node);
      line = out.text("message", text).done();
    }
    const std::lock_guard lock{*mutex};
    std::cerr << line << std::endl;
  };
}

} // namespace carillon::tools
