#include "events/binary_codec.hpp"
#include "events/json_codec.hpp"
#include "events/json_fields.hpp"
#include "events/samples.hpp"
#include "events/stream.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace carillon;
using namespace carillon::events;

// What was ever written must be read for ever: the files in tests/golden are frozen. To add the
// files of a new type or version, run this test once with CARILLON_GOLDEN_ADD=1; it overwrites
// nothing.

namespace {

const std::filesystem::path folder = CARILLON_GOLDEN_DIR;

std::string path_of(std::string_view name, unsigned version, std::string_view extension) {
  return folder / (std::string{name} + ".v" + std::to_string(version) + std::string{extension});
}

std::string content(const std::string& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  auto out = text.str();
  while (!out.empty() && out.back() == '\n')
    out.pop_back();
  return out;
}

void add_if_asked(const std::string& path, const std::string& text) {
  if (std::getenv("CARILLON_GOLDEN_ADD") && !std::filesystem::exists(path))
    std::ofstream{path} << text << '\n';
}

std::string record_of(const event& e) {
  std::string bytes;
  encode_record(e, bytes);
  return bytes;
}

} // namespace

TEST_CASE("golden files: there is a sample of every type") {
  const auto samples = full_samples();
  REQUIRE(samples.size() + 1 == type_names().size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    CHECK(samples[i].index() == i + 1);
}

TEST_CASE("golden files: every type is written as its file says") {
  for (const auto& sample : full_samples()) {
    const auto record = record_of(sample);
    const auto name = type_name(sample);
    const auto version = static_cast<unsigned>(record.at(1));
    const auto hex_path = path_of(name, version, ".hex");
    const auto json_path = path_of(name, version, ".json");
    add_if_asked(hex_path, hex_of(record));
    add_if_asked(json_path, to_json(sample));
    INFO(hex_path);
    CHECK(content(hex_path) == hex_of(record));
    CHECK(content(json_path) == to_json(sample));
    const auto back = event_from_json(content(json_path));
    INFO((back ? "" : back.error().field + " " + back.error().message));
    REQUIRE(back);
    CHECK(*back == sample);
  }
}

TEST_CASE("golden files: every file of every version is read as its JSON says") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() != ".hex")
      continue;
    ++files;
    INFO(entry.path().string());
    const auto record = bytes_of_hex(content(entry.path()));
    REQUIRE(record);
    std::string_view rest = *record;
    const auto back = decode_record(rest);
    REQUIRE(back);
    CHECK(rest.empty());
    auto json_path = entry.path();
    CHECK(to_json(*back) == content(json_path.replace_extension(".json")));
  }
  CHECK(files >= full_samples().size());
}

TEST_CASE("records: typical ones take 20 to 80 bytes") {
  const auto size = [](const event& e) { return record_of(e).size(); };
  const auto in_range = [&](const event& e, std::size_t bytes_max) {
    INFO(type_name(e) << " takes " << size(e) << " bytes");
    CHECK(size(e) >= 20);
    CHECK(size(e) <= bytes_max);
  };
  in_range(typical_job_added(), 56);
  in_range(typical_job_acquired(), 32);
  in_range(typical_job_finished(), 72);
  in_range(typical_schedule_fired(), 64);
}
