#include "bench/raw_postgres.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <pqxx/pqxx>

namespace carillon::bench {
namespace {

constexpr std::uint64_t rows_per_statement = 1000;
constexpr std::size_t row_bytes = 200;

/// A row that does not compress well, as hexadecimal text for a bytea.
std::string row_text(std::uint64_t seed) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\\\\x";
  for (std::size_t i = 0; i < 2 * row_bytes; ++i) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    out += digits[seed >> 60];
  }
  return out;
}

} // namespace

double raw_synced_inserts(const std::string& connect, std::uint64_t count) {
  try {
    pqxx::connection database{connect};
    {
      pqxx::nontransaction plain{database};
      plain.exec("SET synchronous_commit = on");
      plain.exec("DROP TABLE IF EXISTS carillon_yardstick");
      plain.exec("CREATE TABLE carillon_yardstick (at bigint PRIMARY KEY, data bytea NOT NULL)");
    }
    std::uint64_t at = 0;
    std::chrono::steady_clock::duration spent{};
    while (at < count) {
      std::string keys = "{";
      std::string rows = "{";
      for (std::uint64_t i = 0; i < rows_per_statement; ++i) {
        keys += (i == 0 ? "" : ",") + std::to_string(++at);
        rows += (i == 0 ? "\"" : ",\"") + row_text(at) + '"';
      }
      const auto start = std::chrono::steady_clock::now();
      pqxx::work work{database};
      work.exec_params("INSERT INTO carillon_yardstick SELECT * FROM "
                       "unnest($1::bigint[], $2::bytea[])",
                       keys + '}', rows + '}');
      work.commit();
      spent += std::chrono::steady_clock::now() - start;
    }
    pqxx::nontransaction plain{database};
    plain.exec("DROP TABLE carillon_yardstick");
    return static_cast<double>(at) / std::chrono::duration<double>(spent).count();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "carillon_bench: the yardstick: %s\n", failure.what());
    std::exit(1);
  }
}

} // namespace carillon::bench
