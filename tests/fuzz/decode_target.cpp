#include "events/binary_codec.hpp"
#include "events/json_codec.hpp"
#include "fuzz/steps.hpp"
#include "fuzz/targets.hpp"

// What the decoder accepts, it writes and reads again to the same; nothing else may happen,
// whatever the bytes: no crash, no endless loop, no memory out of proportion.

namespace carillon::fuzz {
namespace {

using namespace carillon::events;

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
  const auto out = events::decode<T>(bytes);
  if (!out)
    return;
  const auto back = events::decode<T>(encode(*out));
  require(back && *back == *out);
}

} // namespace

void decode(std::string_view input) {
  read_records(input);
  read_struct<commit_meta>(input);
  read_struct<schedule_settings>(input);
  read_struct<trigger_spec>(input);
  if (const auto out = event_from_json(input))
    require(!to_json(*out).empty());
}

} // namespace carillon::fuzz
