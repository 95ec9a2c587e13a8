#include "tools/records.hpp"

#include "events/json_codec.hpp"

#include <charconv>
#include <filesystem>

namespace carillon::tools {
namespace {

/// Bytes of the log decoded at a time.
constexpr std::size_t read_bytes = 4U << 20;

/// Calls `visit` for each block after `after`, until it answers false.
expected<void> each_block(stores::event_log& log, position after,
                          const std::function<expected<bool>(const stores::block&)>& visit) {
  for (;;) {
    const auto blocks = log.read(after, read_bytes);
    if (!blocks)
      return unexpected<error>{blocks.error()};
    if (blocks->empty())
      return {};
    for (const auto& block : *blocks) {
      const auto goes_on = visit(block);
      if (!goes_on)
        return unexpected<error>{goes_on.error()};
      if (!*goes_on)
        return {};
      after = block.first + block.count - 1;
    }
  }
}

} // namespace

expected<std::unique_ptr<stores::event_log>> open_for_reading(const std::string& url) {
  constexpr std::string_view rocksdb_prefix = "rocksdb:";
  if (url.starts_with(rocksdb_prefix)) {
    const std::filesystem::path directory{url.substr(rocksdb_prefix.size())};
    std::error_code failure;
    if (!std::filesystem::exists(directory, failure))
      return refuse(errc::not_found, "log directory " + directory.string() + " does not exist",
                    "log");
  }
  return stores::open_log(url, {.read_only = true});
}

expected<void> each_record(stores::event_log& log, position after, const record_visit& visit) {
  return each_block(log, after, [&](const stores::block& block) -> expected<bool> {
    for (const auto& commit : block.commits) {
      for (std::size_t i = 0; i < commit.events.size(); ++i) {
        const auto at = commit.first + i;
        // A block may begin at or before `after`.
        if (at <= after)
          continue;
        const auto goes_on = visit({at, block.time, block.node, commit.meta, commit.events[i]});
        if (!goes_on || !*goes_on)
          return goes_on;
      }
    }
    return true;
  });
}

expected<void> each_record(client& daemon, position after, const record_visit& visit) {
  for (;;) {
    const auto page = daemon.get("/v1/events?limit=1000&after=" + std::to_string(after));
    if (!page)
      return unexpected<error>{page.error()};
    const auto& items = list_at(page->body, "items");
    if (items.empty())
      return {};
    for (const auto& item : items) {
      const auto recorded = record_of(item);
      if (!recorded)
        return unexpected<error>{recorded.error()};
      const auto goes_on = visit(*recorded);
      if (!goes_on)
        return unexpected<error>{goes_on.error()};
      if (!*goes_on)
        return {};
      after = recorded->at;
    }
  }
}

expected<recorded_event> record_of(const value& json) {
  const auto* data = member(json, "data").get_if<value::object>();
  if (!data)
    return refuse(errc::invalid_argument, "a record has no data", "data");
  auto fields = *data;
  fields["type"] = member(json, "type");
  auto what = events::event_from_json(to_json(value{std::move(fields)}));
  if (!what)
    return unexpected<error>{std::move(what).error()};
  const auto time = parse_instant(text_at(json, "time"));
  if (!time)
    return unexpected<error>{time.error()};
  const auto& commit = member(json, "commit");
  commit_meta meta;
  meta.who = text_at(commit, "who");
  meta.from = text_at(commit, "from");
  meta.correlation = text_at(commit, "correlation");
  meta.causation = static_cast<position>(number_at(commit, "causation"));
  meta.traceparent = text_at(commit, "traceparent");
  return recorded_event{static_cast<position>(number_at(json, "position")), *time,
                        node_id{text_at(json, "node")},
                        std::make_shared<const commit_meta>(std::move(meta)), *std::move(what)};
}

expected<position> position_at(stores::event_log& log, const std::string& text) {
  position out = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, out);
  if (!text.empty() && failure == std::errc{} && stop == end)
    return out;
  const auto instant = parse_instant(text);
  if (!instant)
    return refuse(errc::invalid_argument, "'" + text +
                                              "' is neither a position nor an instant such as "
                                              "2026-03-29T03:00:00Z");
  const auto base = log.base();
  if (!base)
    return unexpected<error>{base.error()};
  out = base->at;
  if (base->at > 0 && base->time > *instant)
    return refuse(errc::gone, text + " is before the oldest record kept, of " +
                                  to_rfc3339(base->time) + " at position " +
                                  std::to_string(base->at));
  auto read = each_block(log, out, [&](const stores::block& block) -> expected<bool> {
    if (block.time > *instant)
      return false;
    out = block.first + block.count - 1;
    return true;
  });
  if (!read)
    return unexpected<error>{std::move(read).error()};
  return out;
}

} // namespace carillon::tools
