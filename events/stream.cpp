#include "events/stream.hpp"

#include <array>
#include <utility>

namespace carillon::events {
namespace {

constexpr std::array categories{stream_category::task, stream_category::schedule,
                                stream_category::job, stream_category::node,
                                stream_category::calendar};

template <std::size_t... Index> constexpr auto names_of(std::index_sequence<Index...>) {
  return std::array<std::string_view, sizeof...(Index)>{
      std::variant_alternative_t<Index, event>::name...};
}

constexpr auto names = names_of(std::make_index_sequence<std::variant_size_v<event>>{});

} // namespace

std::string_view type_name(const event& e) { return names[e.index()]; }

std::span<const std::string_view> type_names() { return names; }

std::optional<std::uint32_t> type_number(std::string_view name) {
  for (std::uint32_t number = 0; number < names.size(); ++number)
    if (names[number] == name)
      return number;
  return std::nullopt;
}

std::string_view category_name(stream_category category) {
  switch (category) {
  case stream_category::task: return "task";
  case stream_category::schedule: return "schedule";
  case stream_category::job: return "job";
  case stream_category::node: return "node";
  case stream_category::calendar: return "calendar";
  }
  return "node";
}

stream_category category_of(const event& e) {
  return std::visit([](const auto& what) { return what.category; }, e);
}

std::string entity_of(const event& e) {
  return std::visit(
      []<class Event>(const Event& what) -> std::string {
        if constexpr (std::is_same_v<Event, unknown_event>)
          return {};
        else if constexpr (Event::category == stream_category::node)
          return what.node.value;
        else if constexpr (Event::category == stream_category::job)
          return to_string(what.id);
        else
          return what.id.value;
      },
      e);
}

std::string stream_name(stream_category category, std::string_view id) {
  std::string out{category_name(category)};
  out += '-';
  out += id;
  return out;
}

std::string stream_of(const event& e) { return stream_name(category_of(e), entity_of(e)); }

expected<stream_parts> parse_stream(std::string_view name) {
  const auto refused = [&](std::string why) {
    return refuse(errc::invalid_argument,
                  "'" + std::string{name.substr(0, name_bytes_max + 16)} + "' " + std::move(why),
                  "stream");
  };
  const auto dash = name.find('-');
  const auto kind = name.substr(0, dash);
  for (const auto category : categories) {
    if (dash == std::string_view::npos || kind != category_name(category))
      continue;
    const auto id = name.substr(dash + 1);
    if (category == stream_category::job) {
      const auto job = parse_id<job_id>(id);
      if (!job)
        return refused("does not name a job by its UUID");
      return stream_parts{category, to_string(*job)};
    }
    if (const auto fine = check_name(id, "stream"); !fine)
      return unexpected<error>{fine.error()};
    return stream_parts{category, std::string{id}};
  }
  return refused("is not a stream: task-ID, schedule-ID, job-UUID, node-NAME or calendar-ID");
}

} // namespace carillon::events
