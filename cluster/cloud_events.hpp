#pragma once

#include "carillon/event.hpp"
#include "cluster/topics.hpp"
#include "cluster/transport.hpp"

#include <set>
#include <string>
#include <string_view>

/// Events for listeners outside: CloudEvents 1.0 in MQTT's binary mode. Pure. What is published is
/// what the log holds, and the log holds no secrets.
namespace carillon::cluster {

/// Which events are published; each node publishes those that it wrote.
struct event_publication {
  bool enabled = false;
  std::set<std::string> types = {};  ///< Wire names ("job_finished"); empty = all.
  std::set<std::string> except = {}; ///< Wire names left out of these.
};

/// Errors: invalid_argument with field "events" when a name is that of no event.
expected<void> check(const event_publication& what);

/// Whether `e` is to be published. Records of unknown types never are.
bool is_published(const event_publication& what, const event& e);

/// What happened, without what it happened to: "finished" for job_finished, "lease_lost" for
/// lease_lost. Last level of the topic.
std::string_view event_kind(const event& e);

/// "io.carillon.job.finished.v1".
std::string cloud_event_type(const event& e);

/// The event as a message. Attributes are User Properties: specversion, id (the position), source
/// ("/carillon/{cluster}/{node}"), type, subject (the id of what it tells about), time, and
/// traceparent if there is one; datacontenttype is the Content Type, the payload is the event's
/// fields as JSON.
message to_cloud_event(const recorded_event& e, const topics& names);

} // namespace carillon::cluster
