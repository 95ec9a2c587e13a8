#pragma once

#include "domain/aggregate.hpp"
#include "support/builders.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

/// Tests of rules in one sentence: given(events).when(command).then(events) or .refused(errc).
namespace carillon::test {

/// What an aggregate's scenario needs to know about event types.
template <class State, class Event>
concept evolves = requires(State s, const Event& e, const domain::record_info& info) {
  { evolve(std::move(s), e, info) } -> std::same_as<State>;
};

template <class Event> inline constexpr bool starts_aggregate = false;
template <> inline constexpr bool starts_aggregate<task_added> = true;
template <> inline constexpr bool starts_aggregate<schedule_added> = true;
template <class Event> inline constexpr bool ends_aggregate = false;
template <> inline constexpr bool ends_aggregate<task_removed> = true;
template <> inline constexpr bool ends_aggregate<schedule_removed> = true;

/// The names of `events`, for messages: "schedule_fired job_added".
inline std::string names_of(const std::vector<event>& events) {
  std::string text;
  for (const auto& e : events)
    text += (text.empty() ? "" : " ") +
            std::visit([](const auto& x) { return std::string{x.name}; }, e);
  return text.empty() ? "(none)" : text;
}

/// One aggregate, folded from its events, and what became of the last command.
/// Positions count from 1; every record has the time given by `at`.
template <class State> class scenario {
public:
  explicit scenario(const std::vector<event>& history) { fold(history); }

  /// From now on it is `t`.
  scenario& at(time_point t) {
    ctx_.now = t;
    return *this;
  }

  /// From now on there are these calendars.
  scenario& with(std::shared_ptr<const domain::calendar_map> calendars) {
    ctx_.calendars = std::move(calendars);
    return *this;
  }

  /// What the next command is decided with.
  const domain::decision_context& context() const { return ctx_; }

  /// Decides on `command`; `extra` are the arguments between the command and the context.
  template <class Command, class... Extra>
  scenario& when(const Command& command, const Extra&... extra) {
    if constexpr (requires { decide(state(), command, extra..., ctx_); })
      return keep(decide(state(), command, extra..., ctx_));
    else if constexpr (requires { decide(state(), command, extra...); })
      return keep(decide(state(), command, extra...));
    else if constexpr (requires { decide(*state(), command, extra..., ctx_); })
      return keep(decide(current_.value(), command, extra..., ctx_));
    else
      return keep(decide(command, extra..., ctx_));
  }

  /// Decides by `rule(state, context)`, where state is nullptr when there is none.
  template <class Rule> scenario& when_rule(Rule rule) { return keep(rule(state(), ctx_)); }

  /// The command led to exactly these events; they are folded, so another `when` may follow.
  scenario& then(const std::vector<event>& wanted) {
    INFO("wanted " << names_of(wanted));
    const auto& got = accepted().events;
    INFO("got    " << names_of(got));
    CHECK(got.size() == wanted.size());
    for (std::size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) {
      INFO("event " << i);
      CHECK((got[i] == wanted[i]));
    }
    fold(got);
    return *this;
  }

  /// The command was accepted, whatever it led to; its events are folded.
  scenario& then_accepted() {
    fold(std::vector<event>{accepted().events});
    return *this;
  }

  /// The command was accepted and changed nothing.
  scenario& nothing() { return then({}); }

  /// The command was refused for this reason; `field`, when given, is the field at fault.
  scenario& refused(errc code, const std::string& field = {}) {
    REQUIRE(last_.has_value() == false);
    INFO(last_.error().message);
    CHECK(to_string(last_.error().code) == to_string(code));
    CHECK_FALSE(last_.error().message.empty());
    if (!field.empty())
      CHECK(last_.error().field == field);
    return *this;
  }

  /// True when the last command was refused.
  bool was_refused() const { return !last_; }

  /// The last decision; fails the test when the command was refused.
  const domain::decision& accepted() {
    if (!last_)
      FAIL("refused: " << to_string(last_.error().code) << ": " << last_.error().message);
    return last_.value();
  }

  /// The reply to the last command.
  const answer& reply() { return accepted().reply; }

  /// The aggregate, or nullptr when there is none.
  const State* state() const { return current_ ? &*current_ : nullptr; }

  /// Position of the last record.
  position last_position() const { return position_; }

  /// Appends `history` as if it had been decided elsewhere.
  scenario& and_given(const std::vector<event>& history) {
    fold(history);
    return *this;
  }

private:
  scenario& keep(expected<domain::decision> d) {
    last_ = std::move(d);
    return *this;
  }

  void fold(const std::vector<event>& events) {
    for (const auto& e : events)
      std::visit([this](const auto& x) { apply(x); }, e);
  }

  template <class Event> void apply(const Event& e) {
    ++position_;
    constexpr bool starts = starts_aggregate<Event> ||
                            (std::same_as<Event, job_added> && !evolves<State, schedule_added>);
    if constexpr (ends_aggregate<Event>) {
      current_.reset();
    } else if constexpr (evolves<State, Event>) {
      if (starts || current_)
        current_ = evolve(current_ ? std::move(*current_) : State{}, e,
                          domain::record_info{.at = position_, .time = ctx_.now});
    }
  }

  std::optional<State> current_;
  position position_ = 0;
  domain::decision_context ctx_{.now = day_one, .node = node_id{"n1"}};
  expected<domain::decision> last_ = domain::decision{};
};

} // namespace carillon::test
