#include "tools/settings.hpp"

#include "http/suggestion.hpp"

#include <charconv>
#include <limits>
#include <sstream>

#include <toml++/toml.h>

namespace carillon::tools {
namespace {

constexpr setting all[] = {
    {"log", "memory:, rocksdb:DIRECTORY, or postgres://... for many nodes "
            "(default: rocksdb:DATA/log)"},
    {"listen", "HOST:PORT on loopback, port 0 = a free one, or unix:PATH "
               "(default: 127.0.0.1:4080)"},
    {"node", "Name of this node in the log (default: the host's name)"},
    {"role", "both (default), scheduler or worker"},
    {"broker", "mqtt:// or mqtts://HOST:PORT, ws:// or wss://: how nodes tell each other"},
    {"cluster", "Name of the cluster in the broker's topics (default: carillon)"},
    {"cluster-key-file", "File of the key by which nodes know each other at the broker"},
    {"topic-prefix", "First levels of the broker's topics (default: carillon/v1)"},
    {"broker-username", "User name at the broker"},
    {"broker-password-file", "File of the password at the broker"},
    {"broker-ca-file", "PEM file of the authorities to trust (default: the system's)"},
    {"broker-certificate-file", "PEM file of this node's certificate"},
    {"broker-key-file", "PEM file of its private key"},
    {"publish-events", "Publish this node's events at the broker as CloudEvents", true},
    {"event-types", "Only events of these names, separated by commas"},
    {"session-ttl", "How long others wait for this node when it falls silent (default: 10s)"},
    {"labels", "NAME=VALUE or NAME, separated by commas: what tasks may demand of a node"},
    {"max-concurrent-jobs", "Runs at once; 0 = none (default: 100)"},
    {"handler-threads", "Threads for C++ handlers; 0 = by cores (default: 0)"},
    {"default-zone", "IANA zone of triggers that name none (default: local)"},
    {"cleanup-interval", "Between purges of finished schedules; 0 = never (default: 15m)"},
    {"drain-timeout", "How long TERM waits for running handlers (default: 30s)"},
    {"kill-grace", "From telling a command to stop to killing it (default: 5s)"},
    {"snapshot-every", "Records between two snapshots (default: 100000)"},
    {"token-file", "File of the bearer token, made when missing (default: DATA/token)"},
    {"runs-directory", "Where supervised runs are kept (default: beside the log)"},
    {"supervisor", "The program carillon_supervisor (default: beside this one)"},
    {"no-auth", "Serve loopback without a token; for experiments", true},
    {"accept-data-loss", "Open a log that ends before its durable mark", true},
};

constexpr std::string_view default_listen = "127.0.0.1:4080";

std::vector<std::string_view> names() {
  std::vector<std::string_view> out;
  for (const auto& each : all)
    out.push_back(each.name);
  return out;
}

unexpected<error> wrong(std::string_view name, std::string message,
                        errc code = errc::invalid_argument) {
  return refuse(code, std::move(message), std::string{name});
}

/// Reads settings one by one; the first mistake stays.
class reader {
public:
  explicit reader(const setting_values& values) : values_{values} {}

  const std::string* find(std::string_view name) const {
    const auto found = values_.find(std::string{name});
    return found == values_.end() ? nullptr : &found->second;
  }
  void text(std::string_view name, std::string& out) {
    if (const auto* given = find(name))
      out = *given;
  }
  template <class Number> void number(std::string_view name, Number& out) {
    const auto* given = find(name);
    if (!given)
      return;
    Number read = 0;
    const auto* end = given->data() + given->size();
    const auto [stop, failure] = std::from_chars(given->data(), end, read);
    if (given->empty() || failure != std::errc{} || stop != end)
      return note(wrong(name, "'" + *given + "' is not a whole number from 0 to " +
                                  std::to_string(std::numeric_limits<Number>::max())));
    out = read;
  }
  void span(std::string_view name, duration& out) {
    const auto* given = find(name);
    if (!given)
      return;
    const auto read = parse_duration(*given);
    if (!read)
      return note(wrong(name, read.error().message));
    out = *read;
  }
  bool is_set(std::string_view name) {
    const auto* given = find(name);
    if (!given || *given == "false" || *given == "0")
      return false;
    if (*given != "true" && *given != "1")
      note(wrong(name, "'" + *given + "' is not true or false"));
    return true;
  }
  void note(const unexpected<error>& e) {
    if (!first_)
      first_ = e.error();
  }
  const std::optional<error>& first() const { return first_; }

private:
  const setting_values& values_;
  std::optional<error> first_;
};

void read_role(reader& in, node_role& out) {
  const auto* given = in.find("role");
  if (!given || *given == "both")
    return;
  if (*given == "scheduler")
    out = node_role::scheduler;
  else if (*given == "worker")
    out = node_role::worker;
  else
    in.note(wrong("role", "'" + *given + "' is not both, scheduler or worker"));
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, ',');)
    if (!word.empty())
      out.push_back(std::move(word));
  return out;
}

void read_cluster(reader& in, serve_options& out) {
  auto& broker = out.engine.broker;
  in.text("broker", broker.url);
  in.text("cluster", broker.cluster);
  in.text("topic-prefix", broker.topic_prefix);
  in.text("broker-username", broker.username);
  in.text("broker-ca-file", broker.ca_file);
  in.text("broker-certificate-file", broker.certificate_file);
  in.text("broker-key-file", broker.key_file);
  broker.publish_events = in.is_set("publish-events");
  if (const auto* types = in.find("event-types"))
    broker.event_types = words_of(*types);
  if (const auto* labels = in.find("labels"))
    out.engine.labels = words_of(*labels);
  in.text("cluster-key-file", out.cluster_key_file);
  in.text("broker-password-file", out.broker_password_file);
  in.span("session-ttl", out.engine.session_ttl);
}

expected<std::string> text_of(const toml::node& node, std::string_view name) {
  if (const auto* text = node.as_string())
    return text->get();
  if (const auto* number = node.as_integer())
    return std::to_string(number->get());
  if (const auto* flag = node.as_boolean())
    return std::string{flag->get() ? "true" : "false"};
  if (const auto* real = node.as_floating_point())
    return std::to_string(real->get());
  return wrong(name, "must be a text, a number, true or false");
}

} // namespace

std::span<const setting> settings() { return all; }

setting_values settings_of_environment() {
  setting_values out;
  for (const auto& each : all) {
    std::string name = "CARILLON_";
    for (const char c : each.name)
      name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    if (auto value = environment(name.c_str()); !value.empty())
      out.emplace(each.name, std::move(value));
  }
  return out;
}

expected<setting_values> settings_of_file(const std::string& path) {
  const auto text = read_file(path);
  if (!text)
    return unexpected<error>{text.error()};
  toml::table parsed;
  try { // Debian's library is built with exceptions only
    parsed = toml::parse(std::string_view{*text}, path);
  } catch (const toml::parse_error& failure) {
    const auto at = failure.source().begin;
    return refuse(errc::invalid_argument, path + ':' + std::to_string(at.line) + ':' +
                                              std::to_string(at.column) + ": " +
                                              std::string{failure.description()});
  }
  const auto known = names();
  setting_values out;
  for (const auto& [key, node] : parsed) {
    const auto at = path + ':' + std::to_string(node.source().begin.line) + ':' +
                    std::to_string(node.source().begin.column) + ": ";
    const std::string name{key.str()};
    if (std::find(known.begin(), known.end(), name) == known.end())
      return refuse(errc::invalid_argument,
                    at + "'" + name + "' is not a setting" + http::did_you_mean(name, known));
    auto value = text_of(node, name);
    if (!value)
      return refuse(errc::invalid_argument, at + name + ' ' + value.error().message);
    out.emplace(name, *std::move(value));
  }
  return out;
}

setting_values merge_settings(setting_values under, const setting_values& over) {
  for (const auto& [name, text] : over)
    under[name] = text;
  return under;
}

expected<serve_options> to_options(const setting_values& values,
                                   const std::filesystem::path& data) {
  reader in{values};
  serve_options out;
  auto& engine = out.engine;
  engine.log = "rocksdb:" + (data / "log").string();
  in.text("log", engine.log);
  in.text("node", engine.node);
  if (!engine.node.empty())
    if (auto good = check_name(engine.node, "node"); !good)
      in.note(unexpected<error>{good.error()});
  read_role(in, engine.role);
  engine.data_directory = data / "node";
  read_cluster(in, out);
  in.number("max-concurrent-jobs", engine.max_concurrent_jobs);
  in.number("handler-threads", engine.handler_threads);
  in.text("default-zone", engine.default_zone);
  duration cleanup = engine.cleanup_interval.value_or(duration{});
  in.span("cleanup-interval", cleanup);
  engine.cleanup_interval = cleanup;
  in.span("drain-timeout", out.drain_timeout);
  in.span("kill-grace", engine.kill_grace);
  in.number("snapshot-every", engine.snapshot_every);
  if (const auto* runs = in.find("runs-directory"))
    engine.runs_directory = *runs;
  if (const auto* supervisor = in.find("supervisor"))
    engine.supervisor = *supervisor;
  engine.accept_data_loss = in.is_set("accept-data-loss");
  out.http.listen = default_listen;
  in.text("listen", out.http.listen);
  out.http.token_file = data / "token";
  if (const auto* file = in.find("token-file"))
    out.http.token_file = *file;
  out.http.no_auth = in.is_set("no-auth");
  if (in.first())
    return unexpected<error>{*in.first()};
  return out;
}

} // namespace carillon::tools
