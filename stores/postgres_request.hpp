#pragma once

#include "stores/block.hpp"
#include "stores/conflicts.hpp"
#include "stores/event_log.hpp"
#include "stores/postgres_connection.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

/// An append as one call of the server's function, and its answer. Pure.
namespace carillon::stores {

/// What the server answered to a request that it judged.
struct postgres_answer {
  head after = {};                   ///< The head behind the append.
  position first = 0;                ///< Of the block; 0 = no commit passed.
  std::vector<std::int64_t> refused; ///< Quadruples: commit, kind, position, key.
  digest previous{};                 ///< Chain hash before the block.
  std::string header = {};           ///< The block's, in bytes.
};

/// The commits of one call. What needs no server is judged here: commits that are among `recent`
/// (duplicate), and those that the block has no room for (full).
class postgres_request {
public:
  /// Asks for the commits of `all` that `open` names; writes what it can judge into `outcomes`.
  /// Both `all` and `outcomes` outlive it. `seen` is up to where `recent` knows all commit ids.
  postgres_request(std::span<const commit> all, const std::vector<std::size_t>& open,
                   const recent_commits& recent, position seen, std::vector<outcome>& outcomes);

  /// Indices of the commits that the server has to judge.
  const std::vector<std::size_t>& asked() const noexcept { return asked_; }
  /// Indices of the commits that the block had no room for.
  const std::vector<std::size_t>& full() const noexcept { return full_; }
  /// Tells the same offer from another one.
  const digest& content() const noexcept { return content_; }

  struct sender {
    std::uint64_t token = 0;
    std::int64_t epoch = 0;
    std::int64_t number = 0; ///< Of the append, in its session.
  };
  postgres_params params(const sender& who) const;

  /// Duplicates of which only the block is known: their outcome's `at` is its last position.
  using unlocated = std::vector<std::size_t>;
  const commit_id& id_of(std::size_t index) const { return all_[index].id; }
  std::size_t size() const noexcept { return body_.bytes().size(); }
  /// Writes the outcomes of the commits that the server judged.
  unlocated apply(const postgres_answer& answer);
  /// The block that the server made of what passed; empty if that cannot be told. After `apply`.
  std::string block_bytes(const postgres_answer& answer) const;
  /// All that were asked are `fenced`.
  void fence();

  /// The ids of the commits that passed, and their first positions. Only after `apply`.
  const std::vector<std::pair<commit_id, position>>& appended() const noexcept { return appended_; }

private:
  using earlier_touches = std::unordered_map<key, std::vector<std::int32_t>>;

  bool add(const commit& c, std::size_t index);
  void add_touches(const commit& c, std::int32_t number);
  void add_conditions(const commit& c, std::int32_t number);
  bool add_dependencies(const commit& c, std::int32_t number);
  std::int32_t meta_number(const commit_meta& meta);

  std::span<const commit> all_;
  std::vector<outcome>& outcomes_;
  position seen_;
  digest content_{};
  std::vector<std::size_t> asked_; ///< Request's number of a commit to its index in `all`.
  std::vector<std::size_t> full_;
  std::vector<std::pair<commit_id, position>> appended_;

  body_writer body_;
  const commit* previous_ = nullptr; ///< The last commit in `body_`.
  std::int64_t records_ = 0;
  std::uint16_t level_ = events::first_level; ///< Of all that is asked: the log knows each.
  earlier_touches touched_;
  std::vector<std::int32_t> starts_, records_at_, counts_, meta_of_, key_ends_;
  std::vector<std::string> metas_;
  std::vector<std::int64_t> keys_;
  std::vector<std::int64_t> guard_keys_, guard_known_;
  std::vector<std::int32_t> guard_commits_;
  std::vector<std::int64_t> early_times_;
  std::vector<std::int32_t> early_commits_;
  std::vector<std::string> keyed_ids_;
  std::vector<std::int32_t> keyed_commits_;
  std::vector<std::int32_t> after_commits_, after_others_, after_kinds_;
  std::vector<key> after_keys_;
};

/// The name, types and number of the parameters of `postgres_request::params`.
extern const char* const append_call;

} // namespace carillon::stores
