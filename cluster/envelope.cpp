#include "cluster/envelope.hpp"

#include "cluster/topics.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cassert>
#include <charconv>
#include <vector>

namespace carillon::cluster {
namespace {

// On the wire since 0.1.
constexpr std::string_view version = "carillon1";
constexpr std::string_view no_mac = "-";
constexpr std::size_t fields = 6;
constexpr std::size_t line_bytes_max = 2048;

std::string mac_of(std::string_view key, std::string_view topic, std::string_view line,
                   std::string_view body) {
  // Neither topic nor line holds a line feed, so the three parts cannot be shifted.
  std::string text;
  text.reserve(topic.size() + line.size() + body.size() + 2);
  text.append(topic).append("\n").append(line).append("\n").append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  // Every OpenSSL has SHA-256; a missing one is a broken installation, not an input.
  assert(made != nullptr && size == 32);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; made != nullptr && i < size; ++i) {
    out += digits[mac[i] >> 4];
    out += digits[mac[i] & 15];
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (out.size() <= fields) {
    const auto blank = line.find(' ');
    out.push_back(line.substr(0, blank));
    if (blank == std::string_view::npos)
      break;
    line.remove_prefix(blank + 1);
  }
  return out;
}

} // namespace

std::string sealer::seal(std::string_view topic, std::string_view body) {
  std::string line{version};
  line += ' ';
  line += percent_encode(who_.cluster);
  line += ' ';
  line += percent_encode(who_.node.value);
  line += ' ';
  line += std::to_string(who_.incarnation);
  line += ' ';
  line += std::to_string(++sequence_);
  const auto mac = has_key() ? mac_of(who_.key, topic, line, body) : std::string{no_mac};
  std::string out;
  out.reserve(line.size() + mac.size() + body.size() + 2);
  return out.append(line).append(" ").append(mac).append("\n").append(body);
}

expected<opened_message> sealer::open(std::string_view topic, std::string_view payload) {
  const auto malformed = [&](std::string why) {
    ++stats_.malformed;
    return refuse(errc::corrupt, "message: " + std::move(why));
  };
  if (payload.size() > sealed_bytes_max)
    return malformed(std::to_string(payload.size()) + " bytes, at most " +
                     std::to_string(sealed_bytes_max) + " are allowed");
  const auto end = payload.substr(0, line_bytes_max).find('\n');
  if (end == std::string_view::npos)
    return malformed("no envelope");
  const auto words = words_of(payload.substr(0, end));
  if (words.size() != fields || words[0] != version)
    return malformed("an envelope this build does not know");
  const auto body = payload.substr(end + 1);
  // The proof comes first: nothing of a stranger is looked at further.
  if (has_key()) {
    const auto line = payload.substr(0, end - words.back().size() - 1);
    if (!equal_in_constant_time(words.back(), mac_of(who_.key, topic, line, body))) {
      ++stats_.unauthentic;
      return refuse(errc::denied, "message: not signed with this cluster's key");
    }
  }
  const auto cluster = percent_decode(words[1]);
  const auto sender = percent_decode(words[2]);
  opened_message out;
  if (!cluster || *cluster != who_.cluster)
    return malformed("of another cluster");
  if (!sender || !check_name(*sender, "sender"))
    return malformed("its sender has no proper name");
  if (!read_number(words[3], out.incarnation) || !read_number(words[4], out.sequence))
    return malformed("its incarnation or sequence is no number");
  ++stats_.opened;
  out.sender = node_id{*sender};
  out.authentic = has_key();
  out.body = std::string{body};
  return out;
}

expected<void> check_cluster_key(std::string_view key) {
  if (key.size() < cluster_key_bytes_min)
    return refuse(errc::invalid_argument,
                  "cluster key has " + std::to_string(key.size()) + " bytes, at least " +
                      std::to_string(cluster_key_bytes_min) + " are needed",
                  "cluster_key");
  return {};
}

} // namespace carillon::cluster
