#include "cluster/mqtt_client.hpp"

#include <mqtt/async_client.h>

#include <utility>

// Paho's own habits, met once and kept out of the way here: option builders leave dangling
// pointers to their properties; TLS errors go to a handler that is gone; a token must not be waited
// for in a callback; after a restart of the broker the client says it is connected and its
// subscriptions are gone.
namespace carillon::cluster {
namespace {

constexpr auto goodbye_wait = std::chrono::milliseconds{2000};
constexpr int quality_of_service = 1;

std::string paho_uri(const broker_url& url) {
  const auto text = to_string(url);
  const auto rest = text.substr(text.find("://"));
  switch (url.scheme) {
  case broker_scheme::mqtt: return "tcp" + rest;
  case broker_scheme::mqtts: return "ssl" + rest;
  case broker_scheme::ws: return "ws" + rest;
  case broker_scheme::wss: return "wss" + rest;
  }
  return "tcp" + rest;
}

// MQTT 5: reasons from here on say no.
constexpr int reason_refused_min = 0x80;
constexpr int reason_refused_max = 0xA2;

/// "Not authorized (135)".
std::string reason_text(int reason) {
  const auto* text = MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(reason));
  return std::string{text != nullptr ? text : "reason"} + " (" + std::to_string(reason) + ")";
}

/// A failed attempt tells what it knows only by throwing it.
std::string connect_problem(const mqtt::token& token, std::string otherwise) {
  try {
    token.get_connect_response();
  } catch (const mqtt::exception& e) {
    return e.get_message().empty() ? otherwise : e.get_message();
  } catch (const std::exception&) {
    return otherwise;
  }
  return otherwise;
}

/// Why the operation of `token` did not work; empty when it did.
std::string problem_of(const mqtt::token& token) {
  const int code = token.get_return_code();
  // A refused connection comes with the reason as its return code.
  for (const int reason : {static_cast<int>(token.get_reason_code()), code})
    if (reason >= reason_refused_min && reason <= reason_refused_max)
      return reason_text(reason);
  if (code == MQTTASYNC_SUCCESS)
    return {};
  const auto* text = MQTTAsync_strerror(code);
  auto out = text != nullptr ? std::string{text} : "error " + std::to_string(code);
  if (token.get_type() == mqtt::token::Type::CONNECT)
    out = connect_problem(token, std::move(out));
  return out;
}

mqtt::message_ptr to_paho(const message& m) {
  auto out = mqtt::make_message(m.topic, m.payload, quality_of_service, m.retained);
  mqtt::properties properties;
  if (m.expiry)
    properties.add(
        {mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(m.expiry->count())});
  if (!m.content_type.empty())
    properties.add({mqtt::property::CONTENT_TYPE, m.content_type});
  for (const auto& [name, text] : m.properties)
    properties.add({mqtt::property::USER_PROPERTY, name, text});
  out->set_properties(std::move(properties));
  return out;
}

message from_paho(const mqtt::message& m) {
  message out;
  out.topic = m.get_topic();
  out.payload = m.get_payload_str();
  out.retained = m.is_retained();
  const auto& properties = m.get_properties();
  if (properties.contains(mqtt::property::CONTENT_TYPE))
    out.content_type = mqtt::get<std::string>(properties, mqtt::property::CONTENT_TYPE);
  const auto pairs = properties.count(mqtt::property::USER_PROPERTY);
  for (std::size_t i = 0; i < pairs; ++i) {
    auto [name, text] = mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i);
    out.properties.emplace_back(std::move(name), std::move(text));
  }
  return out;
}

class paho_client final : public mqtt_client {
public:
  paho_client(const broker_options& options, listener& events)
      : options_{options}, events_{events}, connecting_{*this}, subscribing_{*this},
        publishing_{*this}, client_{paho_uri(options.url), options.client_id,
                                    mqtt::create_options{MQTTVERSION_5}} {
    client_.set_message_callback([this](mqtt::const_message_ptr m) {
      if (m)
        events_.on_event(from_paho(*m));
    });
    client_.set_connection_lost_handler([this](const std::string& cause) {
      events_.on_event(disconnected{cause.empty() ? "connection lost" : cause});
    });
    client_.set_disconnected_handler([this](const mqtt::properties& p, mqtt::ReasonCode reason) {
      events_.on_event(disconnected{farewell(p, static_cast<int>(reason))});
    });
    prepare();
  }

  ~paho_client() override {
    try {
      if (client_.is_connected())
        client_.disconnect(mqtt::disconnect_options{static_cast<int>(goodbye_wait.count())})
            ->wait_for(goodbye_wait);
    } catch (const std::exception&) {
      // The broker went first.
    }
  }

  expected<void> connect() override {
    return guarded([&] { client_.connect(connect_options_, nullptr, connecting_); });
  }

  expected<void> subscribe(const std::string& filter) override {
    constexpr bool no_local = true;
    return guarded([&] {
      client_.subscribe(filter, quality_of_service, nullptr, subscribing_,
                        mqtt::subscribe_options{no_local});
    });
  }

  expected<void> publish(const message& m, std::uint64_t id) override {
    // The context is a number on its way through Paho, never a pointer that is followed.
    return guarded([&] {
      client_.publish(to_paho(m), reinterpret_cast<void*>(id), publishing_); // NOLINT
    });
  }

  bool is_connected() const override { return client_.is_connected(); }

private:
  struct to_listener : mqtt::iaction_listener {
    explicit to_listener(paho_client& c) : client{c} {}
    paho_client& client;
    listener& events() const { return client.events_; }
  };

  struct connect_listener final : to_listener {
    using to_listener::to_listener;
    void on_success(const mqtt::token& token) override {
      bool resumed = false;
      try {
        resumed = token.get_connect_response().is_session_present();
      } catch (const std::exception&) {
        // An answer without details is an answer.
      }
      events().on_event(connected{resumed});
    }
    void on_failure(const mqtt::token& token) override {
      events().on_event(disconnected{client.with_tls_hint(problem_of(token))});
    }
  };

  struct subscribe_listener final : to_listener {
    using to_listener::to_listener;
    void answer(const mqtt::token& token) {
      const auto topics = token.get_topics();
      events().on_event(
          subscribed{topics && !topics->empty() ? (*topics)[0] : std::string{}, problem_of(token)});
    }
    void on_success(const mqtt::token& token) override { answer(token); }
    void on_failure(const mqtt::token& token) override { answer(token); }
  };

  struct publish_listener final : to_listener {
    using to_listener::to_listener;
    void answer(const mqtt::token& token) {
      const auto id = reinterpret_cast<std::uint64_t>(token.get_user_context()); // NOLINT
      events().on_event(delivered{id, problem_of(token)});
    }
    void on_success(const mqtt::token& token) override { answer(token); }
    void on_failure(const mqtt::token& token) override { answer(token); }
  };

  template <class Call> static expected<void> guarded(Call call) {
    try {
      call();
      return {};
    } catch (const mqtt::exception& e) {
      const int code = e.get_return_code();
      const bool away = code == MQTTASYNC_DISCONNECTED || code == MQTTASYNC_FAILURE ||
                        code == MQTTASYNC_MAX_MESSAGES_INFLIGHT ||
                        code == MQTTASYNC_MAX_BUFFERED_MESSAGES || code == MQTTASYNC_NO_MORE_MSGIDS;
      return refuse(away ? errc::unavailable : errc::invalid_argument, e.to_string());
    } catch (const std::exception& e) {
      return refuse(errc::invalid_argument, e.what());
    }
  }

  static std::string farewell(const mqtt::properties& p, int reason) {
    auto out = "the broker ended the connection: " + reason_text(reason);
    if (p.contains(mqtt::property::REASON_STRING))
      out += ": " + mqtt::get<std::string>(p, mqtt::property::REASON_STRING);
    return out;
  }

  /// `connect_options_` is filled in place and never copied by us: Paho keeps pointers into it.
  void prepare() {
    auto& to = connect_options_;
    to.set_mqtt_version(MQTTVERSION_5);
    to.set_clean_start(false);
    to.set_keep_alive_interval(options_.keep_alive);
    to.set_connect_timeout(options_.connect_timeout);
    to.set_max_inflight(options_.in_flight_max);
    if (!options_.username.empty())
      to.set_user_name(options_.username);
    if (!options_.password.empty())
      to.set_password(options_.password);
    mqtt::properties properties;
    properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL,
                    static_cast<std::int32_t>(options_.session_expiry.count())});
    properties.add(
        {mqtt::property::RECEIVE_MAXIMUM, static_cast<std::int32_t>(options_.receive_max)});
    to.set_properties(std::move(properties));
    if (options_.will)
      set_will(*options_.will);
    if (options_.url.is_encrypted())
      set_tls();
  }

  void set_will(const message& m) {
    mqtt::properties properties;
    properties.add({mqtt::property::WILL_DELAY_INTERVAL,
                    static_cast<std::int32_t>(options_.will_delay.count())});
    connect_options_.set_will(mqtt::will_options{mqtt::string_ref{m.topic}, m.payload,
                                                 quality_of_service, m.retained, properties});
  }

  void set_tls() {
    mqtt::ssl_options tls;
    if (!options_.tls.ca_file.empty())
      tls.set_trust_store(options_.tls.ca_file);
    if (!options_.tls.certificate_file.empty()) {
      tls.set_key_store(options_.tls.certificate_file);
      const auto& key = options_.tls.key_file;
      tls.set_private_key(key.empty() ? options_.tls.certificate_file : key);
    }
    if (!options_.tls.key_password.empty())
      tls.set_private_key_password(options_.tls.key_password);
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true); // the name in the certificate, too
    tls.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);
    // No error handler: Paho would call it in a copy of these options that is gone by then.
    connect_options_.set_ssl(std::move(tls));
  }

  /// Paho does not tell what was wrong with TLS, so at least tell what to look at.
  std::string with_tls_hint(std::string why) const {
    if (!options_.url.is_encrypted() || why.find("TLS") == std::string::npos)
      return why;
    const auto& ca = options_.tls.ca_file;
    why += "; if the broker is there, its certificate must be signed by ";
    why += ca.empty() ? "an authority of this system" : "'" + ca + "'";
    why += " and name '" + options_.url.host + "'";
    return why + (options_.tls.certificate_file.empty()
                      ? ", and it must not ask for a client's certificate"
                      : ", and it must trust '" + options_.tls.certificate_file + "'");
  }

  const broker_options& options_;
  listener& events_;
  connect_listener connecting_;
  subscribe_listener subscribing_;
  publish_listener publishing_;
  mqtt::connect_options connect_options_;
  mqtt::async_client client_; // last: it goes first, and with it all callbacks
};

} // namespace

expected<std::unique_ptr<mqtt_client>> mqtt_client::make(const broker_options& options,
                                                         listener& events) {
  try {
    return std::unique_ptr<mqtt_client>{std::make_unique<paho_client>(options, events)};
  } catch (const std::exception& e) {
    return refuse(errc::unavailable, std::string{"mqtt client: "} + e.what());
  }
}

} // namespace carillon::cluster
