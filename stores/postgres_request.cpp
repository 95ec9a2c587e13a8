#include "stores/postgres_request.hpp"

#include "stores/bytes.hpp"
#include "stores/sha256.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace carillon::stores {

const char* const append_call =
    "append($1::bigint, $2::bigint, $3::bigint, $4::bytea, $5::bytea, $6::int[], $7::int[], "
    "$8::int[], $9::int[], $10::bytea[], $11::bigint[], $12::int[], $13::bigint[], "
    "$14::bigint[], $15::int[], $16::bigint, $17::bigint, $18::bigint[], $19::int[], "
    "$20::uuid[], $21::int[], $22::int[], $23::int[], $24::int[])";

namespace {

// How many earlier commits of the same request one guard may depend on; more wait for the next.
constexpr std::size_t dependencies_max = 64;

std::int32_t number_of(outcome_kind kind) { return static_cast<std::int32_t>(kind); }

/// What stands before the block's first position.
std::string lead(std::uint16_t level) {
  std::string out;
  put_little(out, block_format, 1);
  put_little(out, level, 2);
  put_little(out, static_cast<std::uint8_t>(body_codec::plain), 1);
  return out;
}

std::string_view bytes_of_id(const commit_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

} // namespace

postgres_request::postgres_request(std::span<const commit> all,
                                   const std::vector<std::size_t>& open,
                                   const recent_commits& recent, position seen,
                                   std::vector<outcome>& outcomes)
    : all_{all}, outcomes_{outcomes}, seen_{seen} {
  for (auto index : open) {
    const auto& c = all[index];
    if (auto first = c.id.empty() ? 0 : recent.find(c.id); first != 0) {
      outcomes[index] = {.kind = outcome_kind::duplicate, .at = first};
    } else if (!add(c, index)) {
      outcomes[index] = {.kind = outcome_kind::full};
      full_.push_back(index);
    }
  }
  std::string ids;
  for (auto index : asked_)
    ids.append(bytes_of_id(all[index].id));
  content_ = sha256({body_.bytes(), ids});
}

std::int32_t postgres_request::meta_number(const commit_meta& meta) {
  auto whole = whole_meta(meta);
  if (metas_.empty() || metas_.back() != whole)
    metas_.push_back(std::move(whole));
  return static_cast<std::int32_t>(metas_.size() - 1);
}

bool postgres_request::add(const commit& c, std::size_t index) {
  const auto number = static_cast<std::int32_t>(asked_.size());
  const auto dependencies = after_commits_.size();
  const auto start = body_.bytes().size();
  auto fits = records_ + static_cast<std::int64_t>(c.events.size()) <= block_records_max &&
              add_dependencies(c, number);
  auto records_at = start;
  if (fits && !c.events.empty()) {
    body_.add(c);
    records_at = body_.records_at();
    fits = body_.bytes().size() <= block_body_bytes_max;
    if (!fits)
      body_.cut(start, previous_);
  }
  if (!fits) {
    for (auto* list : {&after_commits_, &after_others_, &after_kinds_})
      list->resize(dependencies);
    after_keys_.resize(dependencies);
    return false;
  }
  if (!c.events.empty())
    previous_ = &c;
  level_ = std::max(level_, level_of(c));
  asked_.push_back(index);
  records_ += static_cast<std::int64_t>(c.events.size());
  starts_.push_back(static_cast<std::int32_t>(start));
  records_at_.push_back(static_cast<std::int32_t>(records_at));
  counts_.push_back(static_cast<std::int32_t>(c.events.size()));
  meta_of_.push_back(meta_number(c.meta));
  add_touches(c, number);
  add_conditions(c, number);
  return true;
}

bool postgres_request::add_dependencies(const commit& c, std::int32_t number) {
  auto add = [&](key k, outcome_kind kind) {
    auto found = touched_.find(k);
    if (found == touched_.end())
      return true;
    if (found->second.size() > dependencies_max)
      return false;
    for (auto other : found->second) {
      after_commits_.push_back(number);
      after_others_.push_back(other);
      after_kinds_.push_back(number_of(kind));
      after_keys_.push_back(k);
    }
    return true;
  };
  if (!c.id.empty() && !add(commit_key(c.id), outcome_kind::duplicate))
    return false;
  return std::all_of(c.guards.begin(), c.guards.end(),
                     [&](key k) { return add(k, outcome_kind::conflict); });
}

void postgres_request::add_touches(const commit& c, std::int32_t number) {
  if (!c.events.empty()) {
    std::vector<key> keys(c.touches);
    keys.reserve(keys.size() + c.events.size() + 1);
    for (const auto& e : c.events)
      keys.push_back(stream_key_of(e));
    if (!c.id.empty())
      keys.push_back(commit_key(c.id));
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (auto k : keys) {
      keys_.push_back(static_cast<std::int64_t>(k));
      touched_[k].push_back(number);
    }
  }
  key_ends_.push_back(static_cast<std::int32_t>(keys_.size()));
}

void postgres_request::add_conditions(const commit& c, std::int32_t number) {
  for (auto guard : c.guards) {
    guard_keys_.push_back(static_cast<std::int64_t>(guard));
    guard_known_.push_back(static_cast<std::int64_t>(c.known));
    guard_commits_.push_back(number);
  }
  if (!c.id.empty()) {
    guard_keys_.push_back(static_cast<std::int64_t>(commit_key(c.id)));
    guard_known_.push_back(static_cast<std::int64_t>(seen_));
    guard_commits_.push_back(-1 - number);
  }
  if (c.not_before) {
    early_times_.push_back(c.not_before->time_since_epoch().count());
    early_commits_.push_back(number);
  }
  if (!c.id.empty() && !c.meta.idempotency.empty()) {
    keyed_ids_.emplace_back(bytes_of_id(c.id));
    keyed_commits_.push_back(number);
  }
}

postgres_params postgres_request::params(const sender& who) const {
  constexpr auto none = std::numeric_limits<std::int64_t>::max();
  auto known_min = none;
  for (auto known : guard_known_)
    known_min = std::min(known_min, known);
  auto has_ids = std::any_of(guard_commits_.begin(), guard_commits_.end(),
                             [](auto number) { return number < 0; });
  postgres_params out;
  out.number(static_cast<std::int64_t>(who.token)).number(who.epoch).number(who.number);
  out.text(lead(level_)).text(body_.bytes());
  out.smalls(starts_).smalls(records_at_).smalls(counts_).smalls(meta_of_).byte_strings(metas_);
  out.numbers(keys_).smalls(key_ends_);
  out.numbers(guard_keys_).numbers(guard_known_).smalls(guard_commits_).number(known_min);
  out.number(has_ids ? static_cast<std::int64_t>(seen_) : none);
  out.numbers(early_times_).smalls(early_commits_);
  out.uuids(keyed_ids_).smalls(keyed_commits_);
  out.smalls(after_commits_).smalls(after_others_).smalls(after_kinds_);
  return out;
}

postgres_request::unlocated postgres_request::apply(const postgres_answer& answer) {
  struct refusal {
    std::int64_t kind = 0, at = 0, key = 0;
  };
  std::vector<refusal> refused(asked_.size());
  for (std::size_t i = 0; i + 3 < answer.refused.size(); i += 4)
    if (auto number = static_cast<std::size_t>(answer.refused[i]); number < refused.size())
      refused[number] = {answer.refused[i + 1], answer.refused[i + 2], answer.refused[i + 3]};

  unlocated result;
  std::vector<position> firsts(asked_.size());
  auto next = answer.first != 0 ? answer.first : answer.after.at + 1;
  for (std::size_t number = 0; number < asked_.size(); ++number) {
    const auto& c = all_[asked_[number]];
    auto& out = outcomes_[asked_[number]];
    const auto& why = refused[number];
    out = {.kind = static_cast<outcome_kind>(why.kind)};
    firsts[number] = c.events.empty() ? next - 1 : next;
    if (out.kind == outcome_kind::appended) {
      out.at = firsts[number];
      next += c.events.size();
      if (!c.id.empty() && !c.events.empty())
        appended_.emplace_back(c.id, out.at);
    } else if (why.at < 0 && why.key == 0) { // the index of keyed commits: its very position
      out.at = static_cast<position>(-why.at);
    } else if (why.at < 0) { // another one of this request
      const auto other = static_cast<std::size_t>(-1 - why.at);
      out.at = other < number ? firsts[other] : 0;
      for (std::size_t i = 0; i < after_commits_.size(); ++i)
        if (out.kind == outcome_kind::conflict && out.conflicting == 0 &&
            static_cast<std::size_t>(after_commits_[i]) == number &&
            static_cast<std::size_t>(after_others_[i]) == other &&
            after_kinds_[i] == number_of(outcome_kind::conflict))
          out.conflicting = after_keys_[i];
    } else {
      out.at = static_cast<position>(why.at);
      out.conflicting = out.kind == outcome_kind::conflict ? static_cast<key>(why.key) : 0;
      if (out.kind == outcome_kind::duplicate)
        result.push_back(asked_[number]);
    }
  }
  return result;
}

std::string postgres_request::block_bytes(const postgres_answer& answer) const {
  std::string put_together;
  std::string_view body{body_.bytes()};
  if (!answer.refused.empty()) {
    // As the server does it: `gather` in stores/migrations/0002_append.sql.
    auto meta = std::int32_t{-1};
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      if (outcomes_[asked_[i]].kind != outcome_kind::appended || counts_[i] == 0)
        continue;
      const auto start = static_cast<std::size_t>(starts_[i]);
      const auto records = static_cast<std::size_t>(records_at_[i]);
      const auto stop =
          i + 1 < starts_.size() ? static_cast<std::size_t>(starts_[i + 1]) : body.size();
      const auto& c = all_[asked_[i]];
      const auto says_all = meta_of_[i] != meta;
      put_together.push_back(static_cast<char>((c.id.empty() ? 0x80 : 0) | (says_all ? 0x3f : 0)));
      if (!c.id.empty())
        put_together.append(bytes_of_id(c.id));
      if (says_all)
        put_together.append(metas_[static_cast<std::size_t>(meta_of_[i])]);
      put_together.append(body.substr(records, stop - records));
      assert(start <= records && records <= stop);
      meta = meta_of_[i];
    }
    body = put_together;
  }
  const auto body_digest = sha256({body});
  if (sha256({bytes_of(answer.previous), answer.header, bytes_of(body_digest)}) !=
      answer.after.hash)
    return {};
  std::string out{bytes_of(answer.previous)};
  return out.append(answer.header).append(body).append(bytes_of(answer.after.hash));
}

void postgres_request::fence() {
  for (auto index : asked_)
    outcomes_[index] = {.kind = outcome_kind::fenced};
}

} // namespace carillon::stores
