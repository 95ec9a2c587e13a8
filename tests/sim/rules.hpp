#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon::sim {

/// The rules that keep a cluster right. The simulation can be told to break one: then its checkers
/// must find out, or they check nothing.
enum class rule : std::uint8_t {
  none, ///< Nothing is broken.
  guard_check,
  session_fence,
  commit_ids,
  ack_after_commit,
  publish_after_commit,
  predecessor,
  store_clock,
  full_wait,
  claimed_grace,
  look_before_claims,
  fresh_look,
  loss_before_claim,
  renew_to_the_end,
  lease_deadline,
  supervisor_deadline,
  run_fence,
  own_session_runs,
  derived_ids,
  not_before,
  slot_keys,
  task_keys,
  settle_first,
  whole_snapshot,
};

struct rule_text {
  rule what;
  std::string_view name;   ///< As `--break` has it.
  std::string_view broken; ///< What happens instead.
};

inline constexpr std::array rule_texts{
    rule_text{rule::guard_check, "guard_check", "the log takes commits whose guards were touched"},
    rule_text{rule::session_fence, "session_fence", "the log takes appends of sessions that ended"},
    rule_text{rule::commit_ids, "commit_ids", "a commit offered again is not recognised"},
    rule_text{rule::ack_after_commit, "ack_after_commit",
              "commands are answered before their commit"},
    rule_text{rule::publish_after_commit, "publish_after_commit",
              "blocks are told to the others before they are in the log"},
    rule_text{rule::predecessor, "predecessor",
              "a block is applied although the one before it is missing"},
    rule_text{rule::store_clock, "store_clock",
              "the end of others' leases is judged by one's own clock"},
    rule_text{rule::full_wait, "full_wait", "losses are recorded as soon as a session has ended"},
    rule_text{rule::claimed_grace, "claimed_grace",
              "losses are judged by the grace of today, not by that of the claim"},
    rule_text{rule::look_before_claims, "look_before_claims",
              "a look at the sessions also judges claims that it is older than"},
    rule_text{rule::fresh_look, "fresh_look",
              "the end of others' leases is judged by an old look and a clock that ran on"},
    rule_text{rule::loss_before_claim, "loss_before_claim",
              "a lost node's jobs are claimed without recording the loss"},
    rule_text{rule::renew_to_the_end, "renew_to_the_end",
              "renewal stops when a node begins to shut down, its work goes on"},
    rule_text{rule::lease_deadline, "lease_deadline",
              "a node believes in its session until the store refuses it"},
    rule_text{rule::supervisor_deadline, "supervisor_deadline",
              "supervisors let runs go on past the lease of their node"},
    rule_text{rule::run_fence, "run_fence", "a result is recorded under whatever claim is current"},
    rule_text{rule::own_session_runs, "own_session_runs",
              "a claim begins a run whatever session made it"},
    rule_text{rule::derived_ids, "derived_ids", "each node makes up the ids of fired jobs"},
    rule_text{rule::not_before, "not_before", "fires and claims do not wait for the store's clock"},
    rule_text{rule::slot_keys, "slot_keys", "claims do not guard their slot"},
    rule_text{rule::task_keys, "task_keys", "claims do not guard the settings of their task"},
    rule_text{rule::settle_first, "settle_first",
              "pause and remove do not settle what was due before"},
    rule_text{rule::whole_snapshot, "whole_snapshot",
              "a node starts from a snapshot without the log's tail"},
};

constexpr std::string_view name_of(rule what) {
  for (const auto& text : rule_texts)
    if (text.what == what)
      return text.name;
  return "none";
}

constexpr std::optional<rule> rule_named(std::string_view name) {
  for (const auto& text : rule_texts)
    if (text.name == name)
      return text.what;
  return {};
}

} // namespace carillon::sim
