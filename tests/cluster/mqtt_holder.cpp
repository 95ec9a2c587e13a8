// Connects to a broker, leaves a Will, says "up" and waits to be killed.
//   mqtt_holder BROKER CLIENT_ID TOPIC WILL_PAYLOAD

#include "cluster/broker.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <signal.h>

#include <cstdio>

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc != 5)
    return 2;
  const auto url = carillon::cluster::parse_broker_url(argv[1]);
  if (!url)
    return 2;
  carillon::cluster::broker_options options;
  options.url = *url;
  options.client_id = argv[2];
  options.will_delay = std::chrono::seconds{1};
  options.will = carillon::cluster::message{};
  options.will->topic = argv[3];
  options.will->payload = argv[4];
  options.will->retained = true;
  carillon::cluster::transport_callbacks callbacks;
  callbacks.on_connected = [](bool) {
    std::puts("up");
    std::fflush(stdout);
  };
  const auto held = carillon::cluster::open_mqtt(options, callbacks);
  if (!held)
    return 1;
  for (;;)
    pause();
}
