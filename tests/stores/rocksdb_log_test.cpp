#include "stores/archive.hpp"
#include "stores/verify.hpp"
#include "tests/stores/log_support.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include <sys/mount.h>
#include <sys/statvfs.h>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t noise_bytes = 20'000;

/// Bytes that nothing compresses, a different sequence for each `seed`.
std::string noise(unsigned seed, std::size_t size = noise_bytes) {
  std::mt19937 random{seed};
  std::string bytes(size, '\0');
  for (auto& b : bytes)
    b = static_cast<char>(random());
  return bytes;
}

commit noisy(unsigned n, std::size_t size = noise_bytes) {
  auto c = adding(n, {});
  c.events.push_back(unknown_event{.type = 1000, .version = 1, .bytes = noise(n, size)});
  return c;
}

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// The file below `directory`, of names ending in `extension`, that holds `needle`.
fs::path file_with(const fs::path& directory, std::string_view extension, std::string_view needle) {
  for (const auto& entry : fs::directory_iterator{directory})
    if (entry.path().extension() == extension &&
        read_file(entry.path()).find(needle) != std::string::npos)
      return entry.path();
  FAIL("no " << extension << " file holds the block");
  return {};
}

/// A log of ten blocks of one record, as a machine that lost power leaves it: all of it in the
/// write-ahead log, and the durable mark at 10.
void make_crashed_log(const std::string& path) {
  temp_directory live;
  {
    auto log = must(open_log(live.url()));
    auto who = must(log->open_session(node_id{"a"}));
    for (unsigned n = 1; n <= 10; ++n)
      append_one(*log, who, noisy(n));
    fs::remove(path);
    fs::copy(live.path(), path, fs::copy_options::recursive);
  }
  fs::copy(live.path() + "/mark", path + "/mark", fs::copy_options::overwrite_existing);
}

log_options reading() { return {.read_only = true}; }

} // namespace

TEST_CASE("rocksdb log: a second opener is told at once who holds it") {
  temp_directory directory;
  auto log = must(open_log(directory.url()));
  must(log->open_session(node_id{"berlin"}));
  auto second = open_log(directory.url());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::conflict);
  CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
  CHECK(second.error().message.find("berlin") != std::string::npos);
  log.reset();
  must(open_log(directory.url()));
}

TEST_CASE("rocksdb log: URLs that name no log are refused") {
  CHECK(open_log("rocksdb:").error().code == errc::invalid_argument);
  CHECK(open_log("sqlite:x").error().code == errc::invalid_argument);
  CHECK(open_log("postgres://host/db?schema=No").error().code == errc::invalid_argument);
  CHECK(open_log("rocksdb:/nowhere/at/all", reading()).error().code == errc::not_found);
}

TEST_CASE("rocksdb log: a reader follows the writer beside it") {
  temp_directory directory;
  auto log = must(open_log(directory.url()));
  auto who = must(log->open_session(node_id{"a"}));
  append_one(*log, who, adding(1, {1}));
  auto reader = must(open_log(directory.url(), reading()));
  CHECK(read_all(*reader).size() == 1);
  append_one(*log, who, adding(2, {2}));
  CHECK(read_all(*reader).size() == 1);
  must(reader->catch_up());
  CHECK(must(reader->head()).at == 2);
  CHECK(read_all(*reader).size() == 2);
  commit c = adding(3, {3});
  CHECK(reader->append(who, at_second(1), {&c, 1}).error().code == errc::unsupported);
  CHECK_FALSE(must(verify(*reader)).fault.has_value());
}

TEST_CASE("rocksdb log: a log that ends below its durable mark does not open") {
  temp_directory directory;
  make_crashed_log(directory.path());
  auto wal = file_with(directory.path() + "/log", ".log", noise(10).substr(0, 64));
  auto bytes = read_file(wal);
  // Cut inside the seventh block.
  write_file(wal, bytes.substr(0, bytes.find(noise(7).substr(0, 64)) + 100));

  auto refused = open_log(directory.url());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt);
  CHECK(refused.error().message.find("ends at position 6") != std::string::npos);
  CHECK(refused.error().message.find("durable up to 10") != std::string::npos);

  auto report = must(verify(*must(open_log(directory.url(), reading()))));
  REQUIRE(report.fault.has_value());
  CHECK(report.fault->at == 7);
  CHECK(report.to == 6);

  {
    auto log = must(open_log(directory.url(), {.accept_data_loss = true}));
    CHECK(must(log->head()).at == 6);
    auto who = must(log->open_session(node_id{"a"}));
    CHECK(append_one(*log, who, noisy(20)).at == 7);
  }
  CHECK(must(must(open_log(directory.url()))->head()).at == 7);
}

TEST_CASE("rocksdb log: what a clean crash leaves opens with everything that was acknowledged") {
  temp_directory directory;
  make_crashed_log(directory.path());
  auto log = must(open_log(directory.url()));
  CHECK(must(log->head()).at == 10);
  CHECK_FALSE(must(verify(*log)).fault.has_value());
}

TEST_CASE("rocksdb log: verify names the position of a byte flipped in the write-ahead log") {
  temp_directory directory;
  make_crashed_log(directory.path());
  auto wal = file_with(directory.path() + "/log", ".log", noise(5).substr(0, 64));
  auto bytes = read_file(wal);
  bytes[bytes.find(noise(5).substr(0, 64)) + 30] ^= 1;
  write_file(wal, bytes);
  CHECK(open_log(directory.url()).error().code == errc::corrupt);
  auto report = must(verify(*must(open_log(directory.url(), reading()))));
  REQUIRE(report.fault.has_value());
  CHECK(report.fault->at == 5);
}

TEST_CASE("rocksdb log: verify names the position of a byte flipped in a table file") {
  temp_directory directory;
  {
    auto log = must(open_log(directory.url()));
    auto who = must(log->open_session(node_id{"a"}));
    for (unsigned n = 1; n <= 10; ++n)
      append_one(*log, who, noisy(n));
  }
  auto table = file_with(directory.path() + "/log", ".sst", noise(5).substr(0, 64));
  const auto whole = read_file(table);
  auto fifth = whole.find(noise(5).substr(0, 64));
  for (std::size_t i : {std::size_t{0}, std::size_t{1000}, noise_bytes - 1}) {
    auto bytes = whole;
    bytes[fifth + i] ^= 1;
    write_file(table, bytes);
    auto report = must(verify(*must(open_log(directory.url(), reading()))));
    REQUIRE(report.fault.has_value());
    CHECK(report.fault->at == 5);
    CHECK(report.to == 4);
  }
  // Wherever else the byte lies: it is found, if only because the log does not open.
  for (std::size_t i = 0; i < whole.size(); i += whole.size() / 40) {
    auto bytes = whole;
    bytes[i] ^= 1;
    write_file(table, bytes);
    auto log = open_log(directory.url(), reading());
    if (log)
      CHECK(must(verify(**log)).fault.has_value());
  }
  write_file(table, whole);
  CHECK_FALSE(must(verify(*must(open_log(directory.url(), reading())))).fault.has_value());
}

TEST_CASE("rocksdb log: keyed commits are recognised for a day, others among the newest") {
  temp_directory directory;
  auto log = must(open_log(directory.url()));
  auto who = must(log->open_session(node_id{"a"}));
  auto keyed = adding(1, {1});
  keyed.meta.idempotency = "k";
  append_one(*log, who, keyed, at_second(0));
  // Pushes the commit out of everything that is reread when the log opens.
  for (unsigned n = 2; n <= 300; ++n)
    append_one(*log, who, noisy(n), at_second(0));
  auto reopen = [&] {
    log.reset();
    log = must(open_log(directory.url()));
    who = must(log->open_session(node_id{"a"}));
  };
  reopen();
  CHECK(append_one(*log, who, keyed, at_second(0)).kind == outcome_kind::duplicate);
  constexpr std::int64_t day = 24 * 3600;
  append_one(*log, who, adding(1000, {5}), at_second(day + 1));
  reopen();
  CHECK(append_one(*log, who, keyed, at_second(day + 1)).kind == outcome_kind::appended);
}

TEST_CASE("rocksdb log: retired blocks are in the archive, and the log goes on from its base") {
  temp_directory directory;
  temp_directory elsewhere;
  auto path = elsewhere.path() + "/old.archive";
  auto log = must(open_log(directory.url()));
  auto who = must(log->open_session(node_id{"a"}));
  for (unsigned n = 1; n <= 10; ++n)
    append_one(*log, who, noisy(n));
  auto head = must(log->head());
  CHECK(retire(*log, 6, path).error().code == errc::conflict); // no snapshot
  fs::remove(path);
  must(log->put_snapshot({head.at, head.hash, {}}));
  auto report = must(retire(*log, 6, path));
  CHECK(report.first == 1);
  CHECK(report.last == 6);
  CHECK(report.blocks == 6);
  CHECK(must(log->base()).hash == report.hash);
  CHECK(log->read(0, 1).error().code == errc::gone);
  auto verified = must(verify(*log));
  CHECK_FALSE(verified.fault.has_value());
  CHECK(verified.after == 6);
  CHECK(verified.blocks == 4);

  CHECK(retire(*log, 8, path).error().code == errc::conflict); // the file exists
  auto next = must(retire(*log, 10, elsewhere.path() + "/newer.archive"));
  CHECK(next.first == 7);

  auto bytes = read_file(path);
  for (std::size_t i = 0; i < bytes.size(); i += bytes.size() / 50) {
    auto flipped = bytes;
    flipped[i] ^= 1;
    write_file(path, flipped);
    CHECK_FALSE(verify_archive(path));
  }
  write_file(path, bytes.substr(0, bytes.size() - 1));
  CHECK(verify_archive(path).error().code == errc::corrupt);
}

TEST_CASE("rocksdb log: an archive of a position inside a block is refused and leaves no file") {
  temp_directory directory;
  auto path = directory.path() + "/old.archive";
  auto log = must(open_log("memory:"));
  auto who = must(log->open_session(node_id{"a"}));
  append_one(*log, who, adding(1, {1, 2}));
  CHECK(write_archive(*log, 1, path).error().code == errc::invalid_argument);
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("rocksdb log: a full disk refuses appends and loses nothing, until there is room") {
  temp_directory directory;
  auto mount_point = directory.path() + "/small";
  fs::create_directory(mount_point);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=160m") != 0) {
    WARN("skipped: mounting a small tmpfs needs root");
    return;
  }
  auto url = "rocksdb:" + mount_point + "/log";
  position acknowledged = 0;
  {
    auto log = must(open_log(url));
    auto who = must(log->open_session(node_id{"a"}));
    write_file(mount_point + "/filler", std::string(std::size_t{60} << 20, 'f'));
    unsigned n = 0;
    auto refused = errc::internal;
    while (refused == errc::internal && n < 200) {
      auto c = noisy(++n, std::size_t{1} << 20);
      auto result = log->append(who, at_second(1), {&c, 1});
      if (result)
        acknowledged = result->after.at;
      else
        refused = result.error().code;
    }
    CHECK(refused == errc::no_space);
    CHECK(must(log->head()).at == acknowledged);
    CHECK(read_all(*log).size() == acknowledged);
    fs::remove(mount_point + "/filler");
    CHECK(append_one(*log, who, adding(1'000, {1, 2})).at == acknowledged + 1);
  }
  {
    auto log = must(open_log(url));
    auto report = must(verify(*log));
    CHECK_FALSE(report.fault.has_value());
    CHECK(report.to == acknowledged + 2);
  }
  CHECK(::umount(mount_point.c_str()) == 0);
}
