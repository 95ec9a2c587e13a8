#include "events/upcast.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::events;

// A journal of doors with a past. Version 1 counted minutes, version 2 broke with that and says a
// duration, version 3 broke again and splits the name; `why` was only added to it.

namespace {

struct unknown_entry {
  std::uint32_t type = 0;
  std::uint32_t version = 0;
  std::string bytes = {};
};

struct door_opened_v1 {
  std::string who = {};
  std::int32_t minutes = 0;
};

struct door_opened_v2 {
  std::string who = {};
  duration stay{};
};

struct door_opened {
  static constexpr std::string_view name = "door_opened";
  std::string first_name = {};
  std::string last_name = {};
  duration stay{};
  std::string why = "unsaid";
  bool operator==(const door_opened&) const = default;
};

// A list of things that have grown a field, and the same as it was before.
struct step_before {
  std::uint32_t number = 0;
};
struct step {
  std::uint32_t number = 0;
  std::string note = "none";
  bool operator==(const step&) const = default;
};
struct walk_before {
  std::vector<step_before> steps = {};
  std::string end = {};
};
struct walk {
  static constexpr std::string_view name = "walk";
  std::vector<step> steps = {};
  std::string end = {};
};

using journal = std::variant<unknown_entry, door_opened, walk>;

template <class T> std::string fields_only(const T& value) { return encode(value).substr(1); }

} // namespace

namespace carillon::events {

template <> struct fields_of<door_opened_v1> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("who", self.who);
    visit("minutes", self.minutes);
  }
};

template <> struct fields_of<door_opened_v2> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("who", self.who);
    visit("stay", self.stay);
  }
};

template <> struct fields_of<door_opened> {
  static constexpr std::uint32_t version = 4;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("first_name", self.first_name);
    visit("last_name", self.last_name);
    visit("stay", self.stay);
    visit("why", self.why, since<4>{});
  }
};

template <> struct upcast_to<door_opened_v2> {
  using from = door_opened_v1;
  static door_opened_v2 upcast(door_opened_v1 old) {
    return {std::move(old.who), std::chrono::minutes{old.minutes}};
  }
};

template <> struct upcast_to<door_opened> {
  using from = door_opened_v2;
  static door_opened upcast(door_opened_v2 old) {
    const auto blank = old.who.find(' ');
    return {old.who.substr(0, blank), old.who.substr(blank + 1), old.stay};
  }
};

template <> struct fields_of<step_before> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("number", self.number);
  }
};

template <> struct fields_of<step> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("number", self.number);
    visit("note", self.note, since<2>{});
  }
};

template <> struct fields_of<walk_before> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("steps", self.steps);
    visit("end", self.end);
  }
};

template <> struct fields_of<walk> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("steps", self.steps);
    visit("end", self.end);
  }
};

} // namespace carillon::events

TEST_CASE("upcast: a payload of any old version becomes today's struct") {
  using namespace std::chrono_literals;
  const door_opened expected{"Ada", "Lovelace", 90min};
  journal out;
  REQUIRE(read_payload(1, 1, fields_only(door_opened_v1{"Ada Lovelace", 90}), out));
  CHECK(std::get<door_opened>(out) == expected);
  REQUIRE(read_payload(1, 2, fields_only(door_opened_v2{"Ada Lovelace", 90min}), out));
  CHECK(std::get<door_opened>(out) == expected);
}

TEST_CASE("upcast: a field that was added later keeps its default in older bytes") {
  door_opened today{"Ada", "Lovelace", {}, "tea"};
  const auto bytes = fields_only(today);
  journal out;
  REQUIRE(read_payload(1, 4, bytes, out));
  CHECK(std::get<door_opened>(out).why == "tea");
  REQUIRE(read_payload(1, 3, bytes.substr(0, bytes.size() - 4), out)); // before `why`
  CHECK(std::get<door_opened>(out) == door_opened{"Ada", "Lovelace", {}, "unsaid"});
}

TEST_CASE("upcast: structs inside lists may grow, and both builds read both") {
  const auto before = fields_only(walk_before{{{1}, {2}}, "home"});
  const auto today = fields_only(walk{{{1, "left"}, {2, "right"}}, "home"});
  journal out;
  REQUIRE(read_payload(2, 1, before, out));
  CHECK(std::get<walk>(out).steps == std::vector<step>{{1, "none"}, {2, "none"}});
  CHECK(std::get<walk>(out).end == "home");
  walk_before old;
  binary_input in{today};
  REQUIRE(read_fields(in, old));
  REQUIRE(old.steps.size() == 2);
  CHECK(old.steps[1].number == 2);
  CHECK(old.end == "home");
}

TEST_CASE(
    "upcast: a newer version that makes no sense is kept as unknown, an older one is corrupt") {
  journal out;
  REQUIRE(read_payload(1, 5, "\xFF\xFF", out));
  const auto& kept = std::get<unknown_entry>(out);
  CHECK(kept.type == 1);
  CHECK(kept.version == 5);
  CHECK(kept.bytes == "\xFF\xFF");
  for (const std::uint32_t version : {0u, 1u, 2u, 3u, 4u}) {
    const auto done = read_payload(1, version, "\xFF\xFF", out);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::corrupt);
  }
}

TEST_CASE("upcast: structs with a version of their own are read by decode") {
  const auto back = decode<door_opened>(encode(door_opened_v1{"Ada Lovelace", 1}));
  REQUIRE(back);
  CHECK(back->last_name == "Lovelace");
  CHECK(decode<door_opened>("").error().code == errc::corrupt);
}
