#include "tools/replayed_state.hpp"

#include "tools/records.hpp"

namespace carillon::tools {
namespace {

/// Starts from the newest snapshot if it is not too new, else from the log's beginning.
expected<replayed> begin(stores::event_log& log, position up_to) {
  replayed out;
  const auto base = log.base();
  if (!base)
    return unexpected<error>{base.error()};
  if (base->at == 0)
    return out;
  // The beginning was retired: only a snapshot knows what it led to.
  auto snapshot = log.load_snapshot();
  if (!snapshot)
    return unexpected<error>{std::move(snapshot).error()};
  if (!*snapshot || (*snapshot)->at > up_to)
    return refuse(errc::gone, "the records up to position " + std::to_string(base->at) +
                                  " were retired, and no snapshot is as old as position " +
                                  std::to_string(up_to));
  for (const auto& chunk : (*snapshot)->chunks)
    if (auto loaded = projections::load_chunk(out.state, chunk.name, chunk.bytes); !loaded)
      return unexpected<error>{std::move(loaded).error()};
  out.at = (*snapshot)->at;
  return out;
}

} // namespace

expected<replayed> replay(stores::event_log& log, position up_to) {
  auto out = begin(log, up_to);
  if (!out)
    return out;
  auto read = each_record(log, out->at, [&](const recorded_event& e) -> expected<bool> {
    if (e.at > up_to)
      return false;
    out->state.apply(e.what, {e.at, e.time});
    out->at = e.at;
    out->time = e.time;
    return true;
  });
  if (!read)
    return unexpected<error>{std::move(read).error()};
  return out;
}

} // namespace carillon::tools
