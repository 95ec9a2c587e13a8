#pragma once

#include "events/event_fields.hpp"
#include "events/json_fields.hpp"
#include "events/samples.hpp"

#include <rapidcheck.h>

#include <limits>

namespace carillon::events {

/// Fills structs with arbitrary values through their field lists; to be used within `rc::check`.
/// With `readable`, only with what JSON can show without loss: UTF-8 and well-formed triggers.
class any_value {
public:
  explicit any_value(bool readable) : readable_{readable} {}

  template <class T> T operator()() {
    T out{};
    fill(out);
    return out;
  }

  event of_type(std::size_t number) {
    return make(number, std::make_index_sequence<std::variant_size_v<event>>{});
  }

  template <has_fields T> void fill(T& value) {
    if constexpr (std::is_same_v<T, trigger_spec>) {
      if (readable_ || depth_ == depth_max) {
        value = *rc::gen::elementOf(sample_triggers());
        return;
      }
    }
    if constexpr (std::is_same_v<T, payload>) {
      // Never text and blob.
      if (*rc::gen::arbitrary<bool>())
        fill(value.text);
      else
        fill(value.blob);
      return;
    }
    ++depth_;
    visit_fields(value, [this](std::string_view, auto& field, auto...) { fill(field); });
    --depth_;
  }

  void fill(bool& value) { value = *rc::gen::arbitrary<bool>(); }

  template <std::integral T> void fill(T& value) {
    value = *rc::gen::oneOf(rc::gen::arbitrary<T>(), rc::gen::inRange<T>(0, 100),
                            rc::gen::just(std::numeric_limits<T>::min()),
                            rc::gen::just(std::numeric_limits<T>::max()));
  }

  template <class T>
  requires std::is_enum_v<T>
  void fill(T& value) { value = static_cast<T>(*rc::gen::inRange(0u, texts_of<T>::count)); }

  void fill(std::string& text) {
    if (readable_)
      text = *rc::gen::element<std::string>("", "plain text", "{\"a\":[1,2.5,null]}", "[1, 2]",
                                            "null", "1e5", "{\"text\":\"x\"}", "päivää ☀", "\"\\n",
                                            "{\"blob\":\"sha256:00\",\"size\":1}");
    else
      text = *rc::gen::arbitrary<std::string>();
  }

  template <std::size_t Size> void fill(std::array<std::uint8_t, Size>& bytes) {
    for (auto& byte : bytes)
      byte = *rc::gen::arbitrary<std::uint8_t>();
  }

  template <class Tag> void fill(text_id<Tag>& id) { fill(id.value); }
  template <class Tag> void fill(uuid_id<Tag>& id) { fill(id.bytes); }

  void fill(duration& d) {
    std::int64_t count = 0;
    fill(count);
    d = duration{count};
  }

  void fill(time_point& t) {
    duration since_epoch{};
    fill(since_epoch);
    t = time_point{since_epoch};
  }

  template <class T> void fill(indirect<T>& value) { fill(*value); }

  template <class T> void fill(std::optional<T>& value) {
    if (*rc::gen::arbitrary<bool>())
      fill(value.emplace());
  }

  template <class T> void fill(std::vector<T>& values) {
    values.resize(depth_ >= depth_max ? 0 : *rc::gen::inRange<std::size_t>(0, 4));
    for (auto& value : values)
      fill(value);
  }

  template <class T> void fill(std::map<std::string, T>& entries) {
    for (auto left = *rc::gen::inRange(0, 4); left > 0; --left) {
      std::string key;
      fill(key);
      fill(entries[key]);
    }
  }

  template <class... Kinds> void fill(std::variant<Kinds...>& value) {
    const auto index = *rc::gen::inRange<std::size_t>(0, sizeof...(Kinds));
    std::size_t next = 0;
    ((next++ == index ? fill(value.template emplace<Kinds>()) : void()), ...);
  }

private:
  static constexpr int depth_max = 6;

  template <std::size_t... Index> event make(std::size_t number, std::index_sequence<Index...>) {
    event out;
    ((Index == number ? fill(out.template emplace<Index>()) : void()), ...);
    return out;
  }

  const bool readable_;
  int depth_ = 0;
};

} // namespace carillon::events
