#include "stores/event_log.hpp"

#include <xxhash.h>

#include <type_traits>
#include <variant>

namespace carillon::stores {
namespace {

// These are no streams; their seeds only have to differ from every category's.
constexpr XXH64_hash_t level_seed = 0xFE;
constexpr XXH64_hash_t commit_seed = 0xFF;
constexpr XXH64_hash_t slot_seed = 0x100; // the slot's number is added
constexpr XXH64_hash_t calendar_use_seed = 0xFD;
constexpr XXH64_hash_t task_use_seed = 0xFC;

key hash(XXH64_hash_t seed, const void* bytes, std::size_t size) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

key key_of_id(stream_category category, std::string_view id) { return stream_key(category, id); }
template <class Tag> key key_of_id(stream_category category, const text_id<Tag>& id) {
  return stream_key(category, id.value);
}
key key_of_id(stream_category, const job_id& id) { return stream_key(id); }

} // namespace

key stream_key(stream_category category, std::string_view id) {
  return hash(static_cast<XXH64_hash_t>(category), id.data(), id.size());
}

key stream_key(const job_id& id) {
  return hash(static_cast<XXH64_hash_t>(stream_category::job), id.bytes.data(), id.bytes.size());
}

key commit_key(const commit_id& id) { return hash(commit_seed, id.bytes.data(), id.bytes.size()); }

key slot_key(const task_id& task, std::uint32_t slot) {
  return hash(slot_seed + slot, task.value.data(), task.value.size());
}

key level_key() { return hash(level_seed, "", 0); }

key calendar_use_key(const calendar_id& calendar) {
  return hash(calendar_use_seed, calendar.value.data(), calendar.value.size());
}

key task_use_key(const task_id& task) {
  return hash(task_use_seed, task.value.data(), task.value.size());
}

key stream_key_of(const event& e) {
  return std::visit(
      [](const auto& what) {
        using type = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<type, unknown_event>)
          return key_of_id(type::category, std::string_view{"unknown"});
        else if constexpr (type::category == stream_category::node)
          return key_of_id(type::category, what.node);
        else
          return key_of_id(type::category, what.id);
      },
      e);
}

} // namespace carillon::stores
