#include "http/token.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::http;

namespace {

/// A folder that goes with the test.
struct temporary_folder {
  temporary_folder() {
    char name[] = "/tmp/carillon_token_XXXXXX";
    path = ::mkdtemp(name);
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

} // namespace

TEST_CASE("token: only the exact token under the scheme Bearer is accepted") {
  const token_check check{"0123456789abcdef"};
  CHECK(check.accepts("Bearer 0123456789abcdef"));
  CHECK(check.accepts("bearer 0123456789abcdef"));
  for (const auto* text :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "0123456789abcdef",
        "Bearer 0123456789abcdef0", "Basic 0123456789abcdef", "Bearer 0123456789ABCDEF"}) {
    INFO(text);
    CHECK_FALSE(check.accepts(text));
  }
  CHECK_FALSE(check.accepts("Bearer " + std::string(100'000, 'a')));
}

TEST_CASE("token: is made once, 256 bits, for the owner's eyes only") {
  const temporary_folder folder;
  const auto file = folder.path / "deep" / "token";
  const auto made = read_or_make_token(file);
  REQUIRE(made);
  CHECK(made->size() == 64);
  CHECK(*read_or_make_token(file) == *made);
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(*make_token() != *make_token());
}

TEST_CASE("token: a file that others may read is refused") {
  const temporary_folder folder;
  const auto file = folder.path / "token";
  std::ofstream{file} << "secret\n";
  ::chmod(file.c_str(), 0644);
  CHECK(read_token(file).error().message.find("chmod 600") != std::string::npos);
  ::chmod(file.c_str(), 0600);
  CHECK(*read_token(file) == "secret");
  std::ofstream{file} << "\n";
  CHECK_FALSE(read_token(file));
  CHECK(read_token(folder.path / "none").error().code == errc::not_found);
}
