#include "cluster/lease_deadline.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::cluster;
using namespace std::chrono_literals;

namespace {

boot_time at(duration since_boot) { return boot_time{since_boot}; }

} // namespace

TEST_CASE(
    "lease: healthy, due for renewal after a third of the ttl, lost a second before its end") {
  lease_deadline lease{{}, at(100s)};
  CHECK(lease.look(at(100s)) == lease_state::healthy);
  CHECK(lease.renew_at() == at(103333333us));
  CHECK(lease.look(at(103333333us)) == lease_state::renew_due);
  CHECK(lease.look(at(108999999us)) == lease_state::renew_due);
  CHECK(lease.lost_at() == at(109s));
  CHECK(lease.look(at(109s)) == lease_state::lost);
}

TEST_CASE("lease: a renewal counts from when it was sent, however late its answer") {
  lease_deadline lease{{}, at(0s)};
  CHECK(lease.renewed(at(4s), at(8s)) == lease_state::renew_due);
  CHECK(lease.lost_at() == at(13s));
  CHECK(lease.renewed(at(3s), at(9s)) == lease_state::renew_due); // an older one, overtaken
  CHECK(lease.lost_at() == at(13s));
}

TEST_CASE("lease: an answer that comes after the deadline brings nothing back") {
  lease_deadline lease{{}, at(0s)};
  CHECK(lease.renewed(at(8s), at(9s)) == lease_state::lost);
  CHECK(lease.renewed(at(9s), at(9s)) == lease_state::lost);
  CHECK(lease.look(at(9s)) == lease_state::lost);
}

TEST_CASE("lease: one that the store refused is lost at once") {
  lease_deadline lease{{}, at(0s)};
  lease.refused();
  CHECK(lease.look(at(1s)) == lease_state::lost);
  CHECK(lease.renewed(at(1s), at(1s)) == lease_state::lost);
}

TEST_CASE("lease: options that make no sense are refused") {
  CHECK(check(lease_options{}));
  CHECK(check(lease_options{.ttl = 999ms}).error().field == "ttl");
  CHECK(check(lease_options{.ttl = 25h}).error().field == "ttl");
  CHECK(check(lease_options{.ttl = 10s, .margin = 5s}).error().field == "margin");
  CHECK(check(lease_options{.ttl = 10s, .margin = -1s}).error().field == "margin");
}

TEST_CASE("lease: the holder always gives up before the store does, and never comes back") {
  CHECK(rc::check([] {
    const lease_options options;
    lease_deadline lease{options, at(0s)};
    // The store gets each request some time after it was sent, and counts from then.
    duration store_expires = options.ttl;
    duration now{0};
    bool was_lost = false;
    for (int i = *rc::gen::inRange(1, 30); i > 0; --i) {
      now += *rc::gen::inRange(0, 6000) * 1ms;
      const auto sent = now;
      const auto arrived = sent + *rc::gen::inRange(0, 5000) * 1ms;
      const bool granted = arrived < store_expires;
      if (granted)
        store_expires = arrived + options.ttl;
      now = arrived + *rc::gen::inRange(0, 5000) * 1ms;
      const bool answered = *rc::gen::inRange(0, 4) > 0;
      const auto state =
          granted && answered ? lease.renewed(at(sent), at(now)) : lease.look(at(now));
      if (state != lease_state::lost) {
        RC_ASSERT_FALSE(was_lost);
        RC_ASSERT(now + options.margin < store_expires + 1us);
      }
      was_lost = was_lost || state == lease_state::lost;
    }
  }));
}
