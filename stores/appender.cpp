#include "stores/appender.hpp"

#include <algorithm>

namespace carillon::stores {

expected<outcome> appender::judge(const commit& c, time_point time, const find_older& older) const {
  if (!c.id.empty()) {
    auto first = commits_.find(c.id);
    if (first == 0) {
      auto found = older(c);
      if (!found)
        return unexpected<error>{std::move(found).error()};
      first = *found;
    }
    if (first != 0)
      return outcome{.kind = outcome_kind::duplicate, .at = first};
  }
  if (c.not_before && *c.not_before > time)
    return outcome{.kind = outcome_kind::too_early};
  if (auto [guard, at] = touches_.find(c.guards, c.known); at != 0 || guard != 0)
    return outcome{.kind = outcome_kind::conflict, .at = at, .conflicting = guard};
  return outcome{.kind = outcome_kind::appended};
}

bool appender::add(const commit& c, position first, body_writer& body, const commit* before) {
  auto used = static_cast<std::size_t>(first - head_.at - 1);
  if (c.events.size() > block_records_max - used)
    return false;
  auto size = body.bytes().size();
  body.add(c);
  if (body.bytes().size() <= block_body_bytes_max)
    return true;
  body.cut(size, before);
  return false;
}

void appender::note(const commit& c, position first) {
  auto at = first;
  for (const auto& e : c.events)
    touches_.touch(stream_key_of(e), at++);
  for (auto k : c.touches)
    touches_.touch(k, first);
  if (!c.id.empty()) {
    touches_.touch(commit_key(c.id), first);
    commits_.put(c.id, first);
  }
}

expected<pending_block> appender::prepare(const stores::session& who, time_point now,
                                          std::span<const commit> commits,
                                          const find_older& older) {
  pending_block pending;
  pending.after = head_;
  pending.outcomes.reserve(commits.size());
  pending.taken.reserve(commits.size());
  if (who.token != session_) {
    pending.outcomes.assign(commits.size(), outcome{.kind = outcome_kind::fenced});
    return pending;
  }

  auto time = std::max(now, head_.time);
  auto next = head_.at + 1;
  body_writer body;
  std::uint16_t level = events::first_level;
  for (const auto& c : commits) {
    auto verdict = judge(c, time, older);
    if (!verdict) {
      withdraw(pending);
      return unexpected<error>{std::move(verdict).error()};
    }
    if (verdict->kind == outcome_kind::appended && c.events.empty()) {
      verdict->at = next - 1;
    } else if (verdict->kind == outcome_kind::appended) {
      if (add(c, next, body, pending.taken.empty() ? nullptr : pending.taken.back())) {
        verdict->at = next;
        note(c, next);
        pending.taken.push_back(&c);
        level = std::max(level, level_of(c));
        next += c.events.size();
      } else {
        verdict->kind = outcome_kind::full;
      }
    }
    pending.outcomes.push_back(*verdict);
  }
  if (pending.taken.empty())
    return pending;

  pending.first = head_.at + 1;
  block_header header{.level = level,
                      .first = pending.first,
                      .count = static_cast<std::uint32_t>(next - pending.first),
                      .time = time,
                      .node = who.node,
                      .session = who.token,
                      .previous = head_.hash};
  auto encoded = encode_block(header, body.bytes());
  pending.bytes = std::move(encoded.bytes);
  pending.after = {.at = header.last(), .hash = encoded.hash, .time = time};
  return pending;
}

void appender::withdraw(const pending_block& pending) {
  for (const auto* c : pending.taken)
    commits_.forget(c->id);
  // What the block touched cannot be told from what was touched before it: older knowledge is
  // given up, and writers that lag behind the head have to catch up first.
  touches_.reset(head_.at);
}

} // namespace carillon::stores
