// The rules of the house that a compiler does not check. Each fault names file:line and the rule.
// The rules are functions over text, so the last cases prove that they bite.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using faults = std::vector<std::string>;
using names = std::set<std::string>;

/// One text file of the tree: its path from the root, and its lines.
struct source {
  std::string path;
  std::vector<std::string> lines;

  std::string folder() const {
    if (path.rfind("include/carillon/", 0) == 0)
      return "carillon";
    return path.substr(0, path.find('/'));
  }
  std::string name() const { return path.substr(path.rfind('/') + 1); }
  bool is_header() const { return path.ends_with(".hpp"); }
};

/// What one folder may lean on.
struct floor_rule {
  int floor;
  names folders;         ///< Folders of lower floors that it may include.
  names libraries = {};  ///< Third-party libraries allowed in its .cpp files.
  names in_headers = {}; ///< Third-party libraries allowed in its headers, too.
  bool pure = false;     ///< No clock, no IO, no threads, no randomness, no logging.
};

const names below_actors = {"carillon",    "values", "triggers", "events", "domain",
                            "projections", "stores", "runs",     "cluster"};

const std::map<std::string, floor_rule> floors = {
    {"carillon", {0, {}, {}, {}, true}},
    {"values", {0, {"carillon"}, {"nlohmann", "openssl", "uuid"}}},
    {"triggers", {1, {"carillon", "values"}, {"date", "absl"}, {}, true}},
    {"events",
     {1, {"carillon", "values"}, {"cereal", "nlohmann", "xxhash"}, {"cereal", "nlohmann"}, true}},
    {"domain", {2, {"carillon", "values", "triggers"}, {"uuid", "openssl", "xxhash"}, {}, true}},
    {"projections",
     {3,
      {"carillon", "values", "triggers", "events", "domain"},
      {"nlohmann", "cereal", "xxhash", "openssl", "absl"},
      {"absl"},
      true}},
    {"stores",
     {3, {"carillon", "values", "events"}, {"rocksdb", "pqxx", "lz4", "openssl", "xxhash"}}},
    {"runs", {3, {"carillon", "values", "events"}, {"nlohmann", "openssl"}}},
    {"cluster", {3, {"carillon", "values", "events"}, {"mqtt", "openssl"}}},
    {"actors", {4, below_actors, {"caf", "spdlog", "nlohmann", "openssl", "uuid"}, {"caf"}}},
    // Fire times are shown in the trigger's zone, hence `triggers`.
    {"http",
     {5,
      {"carillon", "values", "triggers", "events"},
      {"httplib", "nlohmann", "spdlog", "openssl"}}},
    {"tools",
     {6,
      {"carillon", "values", "triggers", "events", "domain", "projections", "stores", "runs",
       "http"},
      {"CLI", "toml++", "nlohmann", "httplib", "spdlog", "openssl", "yaml-cpp"},
      {"CLI", "nlohmann"}}},
};

/// The library that an `#include <...>` belongs to; "std" and "posix" are always there.
std::string library_of(const std::string& header) {
  static const std::map<std::string, std::string> single = {{"httplib.h", "httplib"},
                                                            {"xxhash.h", "xxhash"},
                                                            {"lz4.h", "lz4"},
                                                            {"lz4hc.h", "lz4"},
                                                            {"rapidcheck.h", "rapidcheck"}};
  static const names posix_folders = {"sys", "linux", "netinet", "arpa", "net"};
  static const names posix = {"unistd.h",  "fcntl.h",   "signal.h",  "poll.h",
                              "pthread.h", "spawn.h",   "pwd.h",     "grp.h",
                              "dirent.h",  "time.h",    "netdb.h",   "limits.h",
                              "sched.h",   "syscall.h", "termios.h", "malloc.h"};
  const auto slash = header.find('/');
  if (slash != std::string::npos) {
    const auto first = header.substr(0, slash);
    return posix_folders.contains(first) ? "posix" : first;
  }
  if (const auto known = single.find(header); known != single.end())
    return known->second;
  if (posix.contains(header))
    return "posix";
  return header.find('.') == std::string::npos ? "std" : header;
}

std::string at(const source& file, std::size_t index, const std::string& rule) {
  return file.path + ":" + std::to_string(index + 1) + ": " + rule;
}

/// The line without its `//` comment. Good enough: a string that holds "//" is cut as well.
std::string code_of(const std::string& line) { return line.substr(0, line.find("//")); }

void check_library(const source& file, std::size_t i, const std::string& header, faults& out) {
  const auto& rule = floors.at(file.folder());
  const auto library = library_of(header);
  const auto folder = file.folder() == "carillon" ? "include/carillon" : file.folder();
  if (library == "std")
    return;
  if (library == "caf" && file.path == "include/carillon/actor.hpp")
    return;
  if (library == "posix") {
    if (rule.pure)
      out.push_back(at(file, i, "<" + header + ">: " + folder + "/ is pure, no system headers"));
    return;
  }
  if (library == "caf" && file.folder() != "actors")
    return out.push_back(at(file, i, "<" + header + ">: CAF belongs in actors/ only"));
  if (header == "caf/all.hpp")
    return out.push_back(at(file, i, "<caf/all.hpp> costs seconds: include what is used"));
  if (file.is_header()) {
    if (!rule.in_headers.contains(library))
      out.push_back(at(file, i, "<" + header + ">: third-party headers belong in .cpp files"));
  } else if (library != "fmt" && !rule.libraries.contains(library)) {
    out.push_back(at(file, i,
                     "<" + header + ">: " + library + " is not a library of " + folder +
                         "/ (see `floors` in tests/tidy_test.cpp)"));
  }
}

void check_folder(const source& file, std::size_t i, const std::string& header, faults& out) {
  const auto slash = header.find('/');
  if (slash == std::string::npos)
    return out.push_back(at(file, i, "\"" + header + "\": our includes start at the root"));
  const auto own = file.folder();
  const auto target = header.substr(0, slash);
  const auto found = floors.find(target);
  if (found == floors.end())
    return out.push_back(at(file, i, "\"" + header + "\": no such folder on any floor"));
  if (target == own || floors.at(own).folders.contains(target))
    return;
  const auto floor = [](int n) { return "floor " + std::to_string(n); };
  const auto mine = floors.at(own).floor;
  out.push_back(at(file, i,
                   "\"" + header + "\": " + own + " (" + floor(mine) + ") may not include " +
                       target + " (" + floor(found->second.floor) + ")"));
}

faults check_includes(const source& file) {
  static const std::regex include{R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])"};
  faults out;
  std::smatch match;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (!std::regex_search(file.lines[i], match, include))
      continue;
    if (match[1] == "<")
      check_library(file, i, match[2], out);
    else
      check_folder(file, i, match[2], out);
  }
  return out;
}

faults check_purity(const source& file) {
  static const std::regex impure{
      R"(_clock::now\(|wall_clock\(\)\.|\bs?rand\(|random_device|\bgetenv\(|std::c(out|err)\b)"
      R"(|std::(thread|jthread|mutex|atomic|ofstream|ifstream)\b|spdlog::)"};
  faults out;
  if (!floors.at(file.folder()).pure)
    return out;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    const auto code = code_of(file.lines[i]);
    if (std::regex_search(code, match, impure))
      out.push_back(at(file, i, "'" + match.str() + "': no clock, IO, threads or randomness here"));
  }
  return out;
}

constexpr std::size_t file_lines_max = 500;
constexpr std::size_t function_lines_max = 70;
constexpr std::size_t columns_max = 100;

/// Characters, not bytes: continuation bytes of UTF-8 do not count.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

faults check_sizes(const source& file) {
  faults out;
  if (file.lines.size() > file_lines_max)
    out.push_back(at(file, file_lines_max,
                     std::to_string(file.lines.size()) + " lines, at most 500 are allowed"));
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (const auto width = columns(file.lines[i]); width > columns_max)
      out.push_back(at(file, i, std::to_string(width) + " columns, at most 100 are allowed"));
    if (!file.lines[i].empty() && (file.lines[i].back() == ' ' || file.lines[i].back() == '\t'))
      out.push_back(at(file, i, "white space at the end of the line"));
  }
  return out;
}

/// Functions as clang-format lays them out: a line that ends in ") {", and its closing brace.
faults check_functions(const source& file) {
  static const std::regex opening{
      R"(^( {0,2})\S.*\)( const| noexcept| override| final| &&?| -> [^{]+)* \{$)"};
  static const std::regex not_one{R"(^ *(if|for|while|switch|namespace|struct|class|enum|do)\b)"};
  faults out;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    const auto& line = file.lines[i];
    if (!std::regex_search(line, match, opening) || std::regex_search(line, not_one))
      continue;
    const auto closing = match[1].str() + "}";
    std::size_t end = i + 1;
    const auto is_end = [&](const std::string& each) {
      // Of a function; of a lambda, which may be an argument.
      return each == closing || each == closing + ";" || each == closing + ");";
    };
    while (end < file.lines.size() && !is_end(file.lines[end]))
      ++end;
    if (end < file.lines.size() && end - i + 1 > function_lines_max)
      out.push_back(
          at(file, i,
             "a function of " + std::to_string(end - i + 1) + " lines, at most 70 are allowed"));
  }
  return out;
}

faults check_header(const source& file) {
  static const std::regex using_namespace{R"(^\s*using\s+namespace\b)"};
  faults out;
  if (std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end())
    out.push_back(at(file, 0, "a header needs #pragma once"));
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (file.folder() != "tests" && std::regex_search(file.lines[i], using_namespace))
      out.push_back(at(file, i, "no `using namespace` in a header"));
  }
  return out;
}

faults check_notes(const source& file) {
  static const std::regex note{R"(\b(TODO|FIXME|XXX)\b)"};
  static const std::regex numbered{R"(\bTODO ?\(?#[0-9]+)"};
  faults out;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (std::regex_search(file.lines[i], note) && !std::regex_search(file.lines[i], numbered))
      out.push_back(at(file, i, "a TODO needs an issue number, as in `TODO(#12)`"));
  }
  return out;
}

const fs::path root{CARILLON_SOURCE_DIR};

source read(const fs::path& path) {
  source out{fs::relative(path, root).generic_string(), {}};
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);)
    out.lines.push_back(line);
  return out;
}

/// Every file below `folder` whose name ends in one of `endings`, in order of its path.
std::vector<source> files(const std::string& folder, const std::vector<std::string>& endings) {
  std::vector<source> out;
  if (!fs::exists(root / folder))
    return out;
  for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
    const auto name = entry.path().filename().string();
    const auto ends = [&](const std::string& ending) { return name.ends_with(ending); };
    if (entry.is_regular_file() && std::any_of(endings.begin(), endings.end(), ends))
      out.push_back(read(entry.path()));
  }
  std::sort(out.begin(), out.end(),
            [](const source& a, const source& b) { return a.path < b.path; });
  return out;
}

/// The code of the floors, without their CMake files.
std::vector<source> production() {
  auto out = files("include/carillon", {".hpp"});
  for (const auto& [folder, rule] : floors) {
    if (folder == "carillon")
      continue;
    for (auto& file : files(folder, {".hpp", ".cpp"}))
      out.push_back(std::move(file));
  }
  return out;
}

/// All that we write by hand: no documents, no JSON, no recorded data.
std::vector<source> everything() {
  auto out = production();
  for (const auto& [folder, rule] : floors)
    for (auto& file : files(folder, {"CMakeLists.txt"}))
      out.push_back(std::move(file));
  // The history checker is not ours to lay out: it is kept as the project's users have it.
  for (const auto* folder : {"tests", "bench", "examples"})
    for (auto& file : files(folder, {".hpp", ".cpp", ".sh", ".py", "CMakeLists.txt"}))
      if (file.name() != "ledger_check.py")
        out.push_back(std::move(file));
  for (auto& file : files("cmake", {".cmake", ".in"}))
    out.push_back(std::move(file));
  for (auto& file : files("scripts", {""}))
    out.push_back(std::move(file));
  return out;
}

void report(const faults& found) {
  for (const auto& fault : found)
    FAIL_CHECK(fault);
  SUCCEED("checked");
}

template <class Rule> void check_all(const std::vector<source>& sources, Rule rule) {
  REQUIRE_FALSE(sources.empty());
  for (const auto& file : sources)
    report(rule(file));
}

bool mentions(const source& cmake, const std::string& name) {
  return std::any_of(cmake.lines.begin(), cmake.lines.end(),
                     [&](const std::string& line) { return line.find(name) != std::string::npos; });
}

} // namespace

TEST_CASE("tidy: includes go down the floors, and third-party headers stay in their folders") {
  check_all(production(), check_includes);
}

TEST_CASE("tidy: the pure folders use no clock, IO, threads or randomness") {
  check_all(production(), check_purity);
}

TEST_CASE("tidy: files have at most 500 lines of at most 100 columns") {
  check_all(everything(), check_sizes);
}

TEST_CASE("tidy: functions have at most 70 lines") { check_all(production(), check_functions); }

TEST_CASE("tidy: headers say #pragma once and never `using namespace`") {
  for (const auto& file : everything())
    if (file.is_header())
      report(check_header(file));
}

TEST_CASE("tidy: a TODO has an issue number") {
  for (const auto& file : everything())
    if (file.name() != "tidy_test.cpp")
      report(check_notes(file));
}

TEST_CASE("tidy: every folder says in a README of at most 40 lines what it is for") {
  std::vector<std::string> folders = {"include/carillon", "tests", "bench", "examples"};
  for (const auto& [folder, rule] : floors)
    if (folder != "carillon")
      folders.push_back(folder);
  for (const auto& folder : folders) {
    if (files(folder, {".hpp", ".cpp"}).empty())
      continue;
    const auto path = root / folder / "README.md";
    if (!fs::exists(path)) {
      FAIL_CHECK(folder + "/README.md:1: the folder has no README");
      continue;
    }
    // The figures of the benchmarks live in their README.
    const auto lines = read(path).lines.size();
    if (folder != "bench" && lines > 40)
      FAIL_CHECK(folder + "/README.md:41: " + std::to_string(lines) + " lines, at most 40");
  }
  SUCCEED("checked");
}

TEST_CASE("tidy: every source is listed by name in a CMakeLists.txt, none is globbed") {
  const auto all = everything();
  for (const auto& file : all) {
    if (file.name() == "CMakeLists.txt" && mentions(file, "*.cpp"))
      FAIL_CHECK(file.path + ":1: sources are listed one by one, no globs");
    if (!file.path.ends_with(".cpp"))
      continue;
    const auto stem = file.name().substr(0, file.name().rfind('.'));
    const auto folder = file.path.substr(0, file.path.rfind('/'));
    // Sources that another folder builds are named with theirs: "../support/fixture.cpp".
    const auto with_folder = folder.substr(folder.rfind('/') + 1) + "/" + file.name();
    const auto lists_it = [&](const source& other) {
      const auto theirs = other.path.substr(0, other.path.rfind('/'));
      const bool related = folder.starts_with(theirs) || theirs.starts_with(folder);
      return other.name() == "CMakeLists.txt" &&
             ((related && mentions(other, stem)) || mentions(other, with_folder));
    };
    if (std::none_of(all.begin(), all.end(), lists_it))
      FAIL_CHECK(file.path + ":1: no CMakeLists.txt builds it");
  }
  SUCCEED("checked");
}

TEST_CASE("tidy: examples show public headers only") {
  static const std::regex ours{R"(^\s*#\s*include\s*["<](\w+)/)"};
  for (const auto& file : files("examples", {".hpp", ".cpp"})) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (std::regex_search(file.lines[i], match, ours) && match[1] != "carillon" &&
          floors.contains(match[1]))
        FAIL_CHECK(at(file, i, "an example includes only <carillon/...>"));
    }
  }
  SUCCEED("checked");
}

TEST_CASE("tidy: a fault is named by file, line and rule") {
  const auto include = [](const std::string& path, const std::string& line) {
    return check_includes({path, {"#pragma once", line}});
  };
  CHECK(include("domain/lease.cpp", "#include \"triggers/due.hpp\"").empty());
  CHECK(include("domain/lease.cpp", "#include \"stores/block.hpp\"") ==
        faults{"domain/lease.cpp:2: \"stores/block.hpp\": domain (floor 2) may not include "
               "stores (floor 3)"});
  CHECK(include("runs/shim.cpp", "#include \"stores/block.hpp\"").size() == 1); // same floor
  CHECK(include("stores/log.cpp", "#include <caf/actor.hpp>") ==
        faults{"stores/log.cpp:2: <caf/actor.hpp>: CAF belongs in actors/ only"});
  CHECK(include("include/carillon/actor.hpp", "#include <caf/typed_actor.hpp>").empty());
  CHECK(include("include/carillon/job.hpp", "#include <caf/actor.hpp>").size() == 1);
  CHECK(include("stores/log.hpp", "#include <rocksdb/db.h>").size() == 1);
  CHECK(include("stores/log.cpp", "#include <rocksdb/db.h>").empty());
  CHECK(include("domain/lease.cpp", "#include <unistd.h>").size() == 1);
  CHECK(include("domain/lease.cpp", "#include \"lease.hpp\"").size() == 1);
}

TEST_CASE("tidy: the other rules bite, too") {
  const source good{"domain/a.hpp", {"#pragma once", "int a();", "// TODO(#7): b"}};
  for (const auto rule : {check_sizes, check_functions, check_header, check_notes, check_purity})
    CHECK(rule(good).empty());

  CHECK(check_sizes({"a.cpp", {std::string(101, 'x')}}).size() == 1);
  CHECK(check_sizes({"a.cpp", std::vector<std::string>(501, "x")}).size() == 1);
  CHECK(check_header({"a.hpp", {"int a;"}}).size() == 1);
  CHECK(check_header({"a.hpp", {"#pragma once", "using namespace std;"}}).size() == 1);
  CHECK(check_notes({"a.cpp", {"// TODO: later"}}).size() == 1);
  CHECK(check_purity({"domain/a.cpp", {"auto t = std::chrono::system_clock::now();"}}).size() == 1);

  std::vector<std::string> lines(72, "  ;");
  lines.front() = "int long_one(int a) {";
  lines.back() = "}";
  CHECK(check_functions({"a.cpp", lines}).size() == 1);
}
