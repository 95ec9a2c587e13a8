#include "stores/postgres_migrations.hpp"
#include "tests/stores/postgres_support.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;
using namespace std::chrono_literals;

TEST_CASE("postgres log: commits that pass beside refused ones keep what they say of themselves") {
  const auto url = fresh_postgres_log();
  writer w{url, "a"};
  w.append(adding(1, {1}));
  std::vector<commit> commits;
  for (std::uint64_t i = 2; i < 8; ++i)
    commits.push_back(adding(i == 5 ? 0 : i, {i, 100 + i}));
  const std::vector<std::string> names{"ann", "bob", "bob", "bob", "ann", "ann"};
  for (std::size_t i = 0; i < commits.size(); ++i) {
    commits[i].meta = {.who = names[i], .from = "test", .causation = i / 2};
    commits[i].touches = {1000 + i};
  }
  commits[1].guards = commits[4].guards = {stream_key(numbered<job_id>(1))};
  const auto result = must(w.log->append(w.who, {}, commits));
  std::vector<outcome_kind> kinds;
  for (const auto& o : result.outcomes)
    kinds.push_back(o.kind);
  using enum outcome_kind;
  CHECK(kinds == std::vector{appended, conflict, appended, appended, conflict, appended});
  CHECK(result.outcomes[5].at == 8);

  CHECK(result.bytes == must(w.log->read_raw(1, 1)).front().bytes);
  const auto block = read_all(*w.log).back();
  REQUIRE(block.commits.size() == 4);
  const std::vector<std::size_t> passed{0, 2, 3, 5};
  for (std::size_t i = 0; i < passed.size(); ++i) {
    const auto& from = commits[passed[i]];
    CHECK(block.commits[i].id == from.id);
    CHECK(*block.commits[i].meta == from.meta);
    CHECK(block.commits[i].first == result.outcomes[passed[i]].at);
    CHECK(block.commits[i].events == from.events);
  }
  // Only what passed has touched anything.
  auto relying = adding(20, {20});
  relying.known = 1;
  relying.guards = {1001};
  CHECK(w.append(relying).kind == appended);
  relying = adding(21, {21});
  relying.known = 1;
  relying.guards = {1005};
  CHECK(w.append(relying).kind == conflict);
  CHECK_FALSE(must(verify(*w.log)).fault);
}

TEST_CASE("postgres log: a commit appended by another node is a duplicate") {
  const auto url = fresh_postgres_log();
  writer a{url, "a"};
  writer b{url, "b"};
  a.append(adding(1, {1, 2}));
  a.append(adding(2, {3}));
  const auto found = b.append(adding(2, {3}));
  CHECK(found.kind == outcome_kind::duplicate);
  CHECK(found.at == 3);
  CHECK(must(b.log->head()).at == 3);
  // Also when it was long ago, and only its idempotency key keeps it known.
  auto keyed = adding(3, {4});
  keyed.meta.idempotency = "key";
  a.append(keyed);
  writer c{url, "c"};
  sql(url, "UPDATE blocks SET keys = '{}'");
  CHECK(c.append(keyed).at == 4);
}

TEST_CASE(
    "postgres log: a writer that lags far behind has to catch up before it may rely on keys") {
  const auto url = fresh_postgres_log();
  writer w{url, "a"};
  w.append(adding(1, {1}));
  sql(url, "UPDATE log_head SET at = 200000, base_at = 200000, base_hash = hash; "
           "DELETE FROM blocks");
  auto c = adding(2, {2});
  c.known = 1;
  c.guards = {77};
  writer late{url, "b"};
  CHECK(late.append(c).kind == outcome_kind::conflict);
  c.known = 200'000;
  CHECK(late.append(c).kind == outcome_kind::appended);
}

TEST_CASE("postgres log: partitions follow each other, and those that were dropped are gone") {
  const auto url = fresh_postgres_log();
  sql(url, "UPDATE log_head SET at = 9999990, base_at = 9999990");
  writer w{url, "a"};
  for (std::uint64_t i = 1; i <= 12; ++i)
    w.append(adding(i, {2 * i, 2 * i + 1}));
  CHECK(sql_value(url, "SELECT count(*) FROM blocks_10000001") == "7");
  CHECK_FALSE(must(verify(*w.log)).fault);
  const auto head = must(w.log->head());
  CHECK(head.at == 10'000'014);
  must(w.log->put_snapshot({head.at, head.hash, {}}));
  must(w.log->drop_before(10'000'004));
  CHECK(sql_value(url, "SELECT coalesce(to_regclass('blocks_1')::text, 'gone')") == "gone");
  CHECK(read_all(*w.log, 10'000'004).size() == 5);
  CHECK_FALSE(must(verify(*w.log)).fault);
  CHECK(w.append(adding(20, {50})).at == 10'000'015);
}

TEST_CASE("postgres log: a block that is missing or was changed is found") {
  const auto url = fresh_postgres_log();
  writer w{url, "a"};
  for (std::uint64_t i = 1; i <= 9; ++i)
    w.append(adding(i, {i}));
  SECTION("missing in the middle") {
    sql(url, "DELETE FROM blocks WHERE last = 5");
    CHECK(must(verify(*w.log)).fault->at == 5);
    CHECK(must(w.log->find_damage())->at == 5);
  }
  SECTION("missing at the end") {
    sql(url, "DELETE FROM blocks WHERE last = 9");
    auto reader = must(open_log(url, {.read_only = true}));
    CHECK(must(verify(*reader)).fault->at == 9);
    CHECK(must(w.log->find_damage())->at == 9);
  }
  SECTION("changed") {
    sql(url, "UPDATE blocks SET body = set_byte(body, 20, 7) WHERE last = 4");
    CHECK(must(verify(*w.log)).fault->at == 4);
  }
}

TEST_CASE("postgres log: one that lost its end is not gone on with") {
  const auto url = fresh_postgres_log();
  writer w{url, "a", 2s};
  for (std::uint64_t i = 1; i <= 5; ++i)
    w.append(adding(i, {i}));
  const auto cut = [&](const std::string& statements) {
    sql(url, statements + "; SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    const auto c = adding(6, {6});
    const auto refused = w.log->append(w.who, {}, std::span{&c, 1});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::corrupt);
    return refused.error().message;
  };
  SECTION("shorter") {
    const auto message = cut("DELETE FROM blocks WHERE last > 3; UPDATE log_head SET at = 3, "
                             "hash = (SELECT b.hash FROM blocks b WHERE b.last = 3)");
    CHECK(message == "log regressed: it ends at position 3, but was known up to 5");
    // Nor does a session live on in it.
    CHECK(w.log->sessions()->renew(w.who).error().code == errc::corrupt);
  }
  SECTION("another history") {
    const auto message = cut("UPDATE log_head SET hash = sha256(hash)");
    CHECK_THAT(message, Catch::StartsWith("log regressed: position 5 has another hash"));
  }
}

TEST_CASE("postgres log: a schema that is not there, or too old, says how to get it") {
  const auto missing = open_log(shared_postgres().url("nothing_here"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::unsupported);
  CHECK_THAT(missing.error().message, Catch::Contains("carillon migrate"));
  const auto url = fresh_postgres_log();
  sql(url, "DELETE FROM migrations WHERE number > 1");
  CHECK(open_log(url).error().code == errc::unsupported);
  CHECK(open_log(shared_postgres().url("Odd-Name")).error().code == errc::invalid_argument);
}

TEST_CASE("postgres log: a migration is done once, and a plan does nothing") {
  const auto url = shared_postgres().url("planned");
  const auto count = static_cast<int>(postgres_migrations().size());
  const auto plan = must(migrate_postgres(url, {.plan = true}));
  CHECK(plan.from == 0);
  CHECK(plan.to == count);
  CHECK(plan.steps.size() == postgres_migrations().size());
  CHECK_FALSE(open_log(url));
  CHECK(must(migrate_postgres(url)).from == 0);
  const auto again = must(migrate_postgres(url));
  CHECK(again.from == count);
  CHECK(again.steps.empty());
  CHECK(open_log(url));
}

TEST_CASE("postgres log: the daemon's role may call functions and touch no table") {
  const auto owner = shared_postgres().url("with_role");
  must(migrate_postgres(owner, {.role = "carillon_daemon"}));
  const auto url = shared_postgres().url("with_role", "carillon_daemon");
  writer w{url, "a"};
  CHECK(w.append(adding(1, {1})).at == 1);
  auto keyed = adding(2, {2});
  keyed.meta.idempotency = "k";
  CHECK(w.append(keyed).at == 2);
  const auto ref = must(w.log->put_blob("bytes"));
  CHECK(must(w.log->get_blob(ref)) == "bytes");
  const auto head = must(w.log->head());
  must(w.log->put_snapshot({head.at, head.hash, {{"a", std::string(9 << 20, 'a')}, {"b", ""}}}));
  const auto loaded = must(w.log->load_snapshot());
  REQUIRE(loaded);
  CHECK(loaded->chunks[0].bytes == std::string(9 << 20, 'a'));
  must(w.log->drop_before(1));
  CHECK(must(w.log->sessions()->list()).sessions.size() == 1);
  CHECK_FALSE(must(verify(*w.log)).fault);

  auto db = must(postgres_connection::open(must(parse_postgres_url(url)),
                                           postgres_connection::purpose::writing));
  for (const auto* statement :
       {"SELECT * FROM with_role.blocks", "DELETE FROM with_role.blocks",
        "UPDATE with_role.log_head SET at = 0", "SELECT with_role.add_partition()"})
    CHECK(db->run(statement).error().code == errc::denied);
}

TEST_CASE("postgres log: who only reads sees the log and writes nothing") {
  const auto url = fresh_postgres_log();
  writer w{url, "a"};
  w.append(adding(1, {1}));
  auto reader = must(open_log(url, {.read_only = true}));
  CHECK(read_all(*reader).size() == 1);
  w.append(adding(2, {2}));
  CHECK(must(reader->head()).at == 2);
  CHECK(reader->sessions() == nullptr);
  CHECK(reader->put_blob("x").error().code == errc::unsupported);
  const auto c = adding(3, {3});
  CHECK(reader->append(w.who, {}, std::span{&c, 1}).error().code == errc::unsupported);
}
