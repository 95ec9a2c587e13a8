#include "stores/archive.hpp"

#include "stores/block.hpp"
#include "stores/bytes.hpp"
#include "stores/sha256.hpp"
#include "stores/verify.hpp"

#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace carillon::stores {
namespace {

// On disk since 0.1. Header: magic, base (position, time, hash). Each block: last position, size,
// bytes. Trailer: 0, number of blocks, SHA-256 of header, chain hash and number. Numbers are eight
// bytes, highest first.
constexpr std::string_view magic = "carillon-archive-1\n";
constexpr std::size_t header_bytes = magic.size() + 16 + sizeof(digest);
constexpr std::size_t read_bytes = std::size_t{1} << 20;
// A block's body has a limit, and its header and hashes take less than this.
constexpr std::size_t stored_bytes_max = block_body_bytes_max + 1024;

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

unexpected<error> failure(const std::string& path) {
  auto code = errno == ENOSPC ? errc::no_space
              : errno == EEXIST ? errc::conflict
                                : errc::unavailable;
  return refuse(code, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

std::string trailer_hash(std::string_view header, const digest& chain, std::uint64_t blocks) {
  return std::string{bytes_of(sha256({header, bytes_of(chain), big_endian(blocks)}))};
}

std::string make_header(const base& start) {
  std::string out{magic};
  out += big_endian(start.at);
  out += big_endian(static_cast<std::uint64_t>(start.time.time_since_epoch().count()));
  return out.append(bytes_of(start.hash));
}

base parse_header(std::string_view header) {
  header.remove_prefix(magic.size());
  auto time = static_cast<std::int64_t>(from_big_endian(header.substr(8, 8)));
  return {from_big_endian(header.substr(0, 8)), to_digest(header.substr(16)),
          time_point{duration{time}}};
}

/// A file that is new, and durable once `finish` returns.
class new_file {
public:
  explicit new_file(const std::string& path)
      : path_{path}, file_{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)} {}
  ~new_file() {
    if (file_ < 0)
      return;
    ::close(file_);
    if (!finished_)
      ::unlink(path_.c_str());
  }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  bool is_open() const noexcept { return file_ >= 0; }
  std::uint64_t size() const noexcept { return size_; }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      auto written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return false;
      size_ += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  bool finish() {
    auto parent = std::filesystem::path{path_}.parent_path().string();
    int directory = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC);
    finished_ = ::fsync(file_) == 0 && directory >= 0 && ::fsync(directory) == 0;
    if (directory >= 0)
      ::close(directory);
    return finished_;
  }

private:
  std::string path_;
  int file_;
  std::uint64_t size_ = 0;
  bool finished_ = false;
};

/// Takes whole pieces from the front of a file.
class file_reader {
public:
  explicit file_reader(const std::string& path) : in_{path, std::ios::binary} {}

  bool is_open() const { return in_.is_open(); }
  bool at_end() { return in_.peek() == std::ifstream::traits_type::eof(); }
  std::uint64_t size() const noexcept { return size_; }

  /// Shorter than `size` when the file ends before.
  std::string take(std::size_t size) {
    std::string bytes(size, '\0');
    in_.read(bytes.data(), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(in_.gcount()));
    size_ += bytes.size();
    return bytes;
  }

private:
  std::ifstream in_;
  std::uint64_t size_ = 0;
};

} // namespace

expected<archive_report> write_archive(event_log& log, position up_to, const std::string& path) {
  auto base = log.base();
  if (!base)
    return pass(base);
  if (up_to <= base->at)
    return refuse(errc::invalid_argument, fmt::format("nothing to archive up to {}: the log begins "
                                                      "after {}", up_to, base->at));
  new_file file{path};
  auto header = make_header(*base);
  if (!file.is_open() || !file.write(header))
    return failure(path);

  archive_report report{.first = base->at + 1, .last = base->at};
  chain_checker chain{*base};
  while (report.last < up_to) {
    auto raw = log.read_raw(report.last, read_bytes);
    if (!raw)
      return pass(raw);
    if (raw->empty() || raw->front().last > up_to)
      return refuse(errc::invalid_argument, fmt::format("no block ends at position {}", up_to));
    for (const auto& r : *raw) {
      if (r.last > up_to)
        break;
      if (auto followed = chain.follow(r.last, r.bytes); !followed)
        return pass(followed);
      if (!file.write(big_endian(r.last) + big_endian(r.bytes.size())) || !file.write(r.bytes))
        return failure(path);
      report.last = r.last;
      report.blocks += 1;
    }
  }
  report.hash = chain.hash();
  if (!file.write(big_endian(0) + big_endian(report.blocks) +
                  trailer_hash(header, chain.hash(), report.blocks)) ||
      !file.finish())
    return failure(path);
  report.bytes = file.size();
  return report;
}

expected<archive_report> verify_archive(const std::string& path) {
  file_reader in{path};
  if (!in.is_open())
    return refuse(errc::not_found, fmt::format("cannot read {}", path));
  auto corrupt = [&](std::string what) {
    return refuse(errc::corrupt, fmt::format("archive {}: {}", path, what));
  };
  auto header = in.take(header_bytes);
  if (header.size() != header_bytes || !header.starts_with(magic))
    return corrupt("it is no archive of this format");
  auto start = parse_header(header);
  chain_checker chain{start};
  archive_report report{.first = start.at + 1, .last = start.at};
  for (;;) {
    auto numbers = in.take(16);
    if (numbers.size() != 16)
      return corrupt(fmt::format("it is cut off after position {}", chain.at()));
    auto last = from_big_endian(std::string_view{numbers}.substr(0, 8));
    auto size = from_big_endian(std::string_view{numbers}.substr(8));
    if (last == 0) {
      report.blocks = size;
      break;
    }
    if (size > stored_bytes_max)
      return corrupt(fmt::format("block at position {} declares {} bytes", chain.at() + 1, size));
    if (auto followed = chain.follow(last, in.take(size)); !followed)
      return corrupt(followed.error().message);
    report.last = last;
  }
  if (in.take(sizeof(digest)) != trailer_hash(header, chain.hash(), report.blocks) || !in.at_end())
    return corrupt("its end is not what was written");
  report.hash = chain.hash();
  report.bytes = in.size();
  return report;
}

expected<archive_report> retire(event_log& log, position up_to, const std::string& path) {
  auto written = write_archive(log, up_to, path);
  if (!written)
    return written;
  auto verified = verify_archive(path);
  if (!verified)
    return verified;
  if (verified->last != up_to || bytes_of(verified->hash) != bytes_of(written->hash))
    return refuse(errc::corrupt, fmt::format("archive {} reads back as positions {} to {}, written "
                                             "were {} to {}", path, verified->first, verified->last,
                                             written->first, written->last));
  if (auto dropped = log.drop_before(up_to); !dropped)
    return pass(dropped);
  return verified;
}

} // namespace carillon::stores
