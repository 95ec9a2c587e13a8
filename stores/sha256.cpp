#include "stores/sha256.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <cstring>
#include <memory>

namespace carillon::stores {
namespace {

struct free_context {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

} // namespace

digest sha256(std::initializer_list<std::string_view> parts) {
  // Looking the algorithm up costs more than hashing a small block, so it is done once.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local std::unique_ptr<EVP_MD_CTX, free_context> context{EVP_MD_CTX_new()};
  digest result{};
  unsigned size = 0;
  bool ok = EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1;
  for (auto part : parts)
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), result.data(), &size) == 1;
  // Every OpenSSL has SHA-256; a missing one is a broken installation, not an input.
  assert(ok && size == result.size());
  return result;
}

digest to_digest(std::string_view bytes) {
  digest d{};
  assert(bytes.size() >= d.size());
  std::memcpy(d.data(), bytes.data(), d.size());
  return d;
}

std::string to_hex(const digest& d) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * d.size());
  for (auto byte : d) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

} // namespace carillon::stores
