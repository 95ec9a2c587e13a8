#include "events/binary_codec.hpp"
#include "events/json_codec.hpp"

#include <cstdint>
#include <cstdlib>

// What the decoder accepts, it writes and reads again to the same; nothing else may happen,
// whatever the bytes: no crash, no endless loop, no memory out of proportion.

using namespace carillon;
using namespace carillon::events;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

void read_records(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto before = bytes.size();
    const auto out = decode_record(bytes);
    if (!out)
      return;
    require(bytes.size() < before);
    std::string again;
    encode_record(*out, again);
    std::string_view rest = again;
    const auto back = decode_record(rest);
    require(back && *back == *out && rest.empty());
    require(!to_json(*out).empty());
  }
}

template <class T> void read_struct(std::string_view bytes) {
  const auto out = decode<T>(bytes);
  if (!out)
    return;
  const auto back = decode<T>(encode(*out));
  require(back && *back == *out);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  read_records(bytes);
  read_struct<commit_meta>(bytes);
  read_struct<schedule_settings>(bytes);
  read_struct<trigger_spec>(bytes);
  if (const auto out = event_from_json(bytes))
    require(!to_json(*out).empty());
  return 0;
}
