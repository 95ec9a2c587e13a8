#include "stores/rocks.hpp"

#include <fmt/core.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/iterator.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <utility>

namespace carillon::stores {
namespace {

constexpr std::size_t table_block_bytes = std::size_t{16} << 10;
constexpr std::size_t wal_bytes_max = std::size_t{128} << 20;
constexpr std::size_t read_ahead_bytes = std::size_t{256} << 10;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

errc code_of(const rocksdb::Status& status) {
  if (status.IsNoSpace())
    return errc::no_space;
  if (status.IsCorruption())
    return errc::corrupt;
  return errc::unavailable;
}

expected<void> result_of(const rocksdb::Status& status) {
  if (status.ok())
    return {};
  return refuse(code_of(status), status.ToString());
}

// RocksDB says only in words that the lock was the problem.
bool is_lock_taken(const rocksdb::Status& status) {
  auto text = status.ToString();
  return status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                                text.find("lock hold by current process") != std::string::npos);
}

// Left alone, RocksDB looks every five seconds whether a full disk has room again, and refuses
// `resume` meanwhile.
class no_automatic_recovery final : public rocksdb::EventListener {
public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status status,
                            bool* automatic) override {
    status.PermitUncheckedError();
    *automatic = false;
  }
};

// Over every byte of a table file, where RocksDB's own checksums leave out what describes it.
std::string checksum_of(const std::string& path) {
  auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  rocksdb::FileChecksumGenContext context;
  context.file_name = path;
  auto generator = factory->CreateFileChecksumGenerator(context);
  std::ifstream in{path, std::ios::binary};
  std::string buffer(std::size_t{1} << 20, '\0');
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    generator->Update(buffer.data(), static_cast<std::size_t>(in.gcount()));
  generator->Finalize();
  return generator->GetChecksum();
}

rocksdb::Options database_options(const rocks_options& asked) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // A record that the crash cut off at the end of the log was never acknowledged and may go. Any
  // other damage stops the opening here, instead of silently ending the log before it.
  options.wal_recovery_mode = asked.accept_data_loss || asked.read_only
                                  ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                  : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0; // old bytes in a recycled file would look like a corrupt tail
  options.max_total_wal_size = wal_bytes_max;
  options.max_background_jobs = 2;
  options.max_open_files = -1; // read-only views need it
  options.keep_log_file_num = 2;
  options.max_log_file_size = std::size_t{4} << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.listeners.push_back(std::make_shared<no_automatic_recovery>());
  return options;
}

rocksdb::ColumnFamilyOptions family_options(const rocks_options& asked, const rocks_family& family,
                                            std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size =
      family.write_buffer_bytes != 0 ? family.write_buffer_bytes : asked.write_buffer_bytes;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = table_block_bytes;
  table.format_version = 5;
  if (family.point_lookups)
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::string view_directory() {
  static std::atomic<unsigned> count = 0;
  auto name = fmt::format("carillon-view-{}-{}", ::getpid(), ++count);
  return (std::filesystem::temp_directory_path() / name).string();
}

} // namespace

struct rocks_batch::content {
  const std::vector<rocksdb::ColumnFamilyHandle*>& families;
  rocksdb::WriteBatch batch{};
};

struct rocks_cursor::content {
  std::unique_ptr<rocksdb::Iterator> iterator;
};

struct rocks::content {
  std::unique_ptr<rocksdb::DB> db = {};
  std::vector<rocksdb::ColumnFamilyHandle*> families = {};
  rocksdb::Options options = {};
  std::string view_directory = {}; ///< Of a read-only view, removed with it.

  ~content() {
    // Debian's RocksDB asserts that nothing refers to a database that closes.
    for (auto* family : families)
      db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    if (db)
      db->Close().PermitUncheckedError();
    db.reset();
    std::error_code ignored;
    if (!view_directory.empty())
      std::filesystem::remove_all(view_directory, ignored);
  }
};

rocks_batch::rocks_batch(std::unique_ptr<content> c) : content_{std::move(c)} {}
rocks_batch::~rocks_batch() = default;
rocks_batch::rocks_batch(rocks_batch&&) noexcept = default;
rocks_batch& rocks_batch::operator=(rocks_batch&&) noexcept = default;

// Adding to a batch in memory has nothing that can go wrong: its statuses are always OK.
void rocks_batch::put(std::size_t family, std::string_view key, std::string_view value) {
  content_->batch.Put(content_->families[family], slice(key), slice(value)).PermitUncheckedError();
}

void rocks_batch::erase(std::size_t family, std::string_view key) {
  content_->batch.Delete(content_->families[family], slice(key)).PermitUncheckedError();
}

void rocks_batch::erase_range(std::size_t family, std::string_view from, std::string_view to) {
  content_->batch.DeleteRange(content_->families[family], slice(from), slice(to))
      .PermitUncheckedError();
}

rocks_cursor::rocks_cursor(std::unique_ptr<content> c) : content_{std::move(c)} {}
rocks_cursor::~rocks_cursor() = default;
rocks_cursor::rocks_cursor(rocks_cursor&&) noexcept = default;

void rocks_cursor::seek(std::string_view key) { content_->iterator->Seek(slice(key)); }
void rocks_cursor::seek_back(std::string_view key) { content_->iterator->SeekForPrev(slice(key)); }
void rocks_cursor::seek_last() { content_->iterator->SeekToLast(); }
void rocks_cursor::next() { content_->iterator->Next(); }
void rocks_cursor::previous() { content_->iterator->Prev(); }
bool rocks_cursor::valid() const { return content_->iterator->Valid(); }
std::string_view rocks_cursor::key() const { return view(content_->iterator->key()); }
std::string_view rocks_cursor::value() const { return view(content_->iterator->value()); }
expected<void> rocks_cursor::status() const { return result_of(content_->iterator->status()); }

rocks::rocks(std::unique_ptr<content> c) : content_{std::move(c)} {}
rocks::~rocks() = default;

expected<std::unique_ptr<rocks>> rocks::open(const rocks_options& asked) {
  std::error_code failed;
  if (!asked.read_only)
    std::filesystem::create_directories(asked.directory, failed);
  if (failed)
    return refuse(failed == std::errc::no_space_on_device ? errc::no_space : errc::unavailable,
                  fmt::format("cannot create {}: {}", asked.directory, failed.message()));
  if (asked.read_only && !std::filesystem::exists(asked.directory + "/CURRENT", failed))
    return refuse(errc::not_found, fmt::format("no database in {}", asked.directory));

  auto c = std::make_unique<content>();
  c->options = database_options(asked);
  auto cache = rocksdb::NewLRUCache(asked.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{});
  for (const auto& family : asked.families)
    families.emplace_back(family.name, family_options(asked, family, cache));

  rocksdb::DB* db = nullptr;
  rocksdb::Status status;
  if (asked.read_only) {
    c->view_directory = view_directory();
    status = rocksdb::DB::OpenAsSecondary(c->options, asked.directory, c->view_directory, families,
                                          &c->families, &db);
    // A view that can follow does not open over a damaged write-ahead log; a fixed one shows what
    // lies before the damage.
    if (status.IsCorruption()) {
      std::filesystem::remove_all(std::exchange(c->view_directory, {}), failed);
      status = rocksdb::DB::OpenForReadOnly(c->options, asked.directory, families, &c->families,
                                            &db);
    }
  } else {
    status = rocksdb::DB::Open(c->options, asked.directory, families, &c->families, &db);
  }
  c->db.reset(db);
  if (is_lock_taken(status))
    return refuse(errc::conflict, fmt::format("{} is open in another process", asked.directory));
  if (!status.ok())
    return refuse(code_of(status), fmt::format("cannot open {}: {}", asked.directory,
                                               status.ToString()));
  // The default family is RocksDB's own; ours are counted from 0.
  std::rotate(c->families.begin(), c->families.begin() + 1, c->families.end());
  return std::unique_ptr<rocks>{new rocks{std::move(c)}};
}

rocks_batch rocks::batch() const {
  return rocks_batch{std::unique_ptr<rocks_batch::content>{
      new rocks_batch::content{.families = content_->families}}};
}

expected<std::optional<std::string>> rocks::get(std::size_t family, std::string_view key) const {
  std::string value;
  auto status = content_->db->Get(rocksdb::ReadOptions{}, content_->families[family], slice(key),
                                  &value);
  if (status.IsNotFound())
    return std::optional<std::string>{};
  if (!status.ok())
    return refuse(code_of(status), status.ToString());
  return std::optional<std::string>{std::move(value)};
}

expected<void> rocks::write(rocks_batch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  return result_of(content_->db->Write(options, &batch.content_->batch));
}

rocks_cursor rocks::cursor(std::size_t family) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false; // long scans must not push out what point lookups need
  options.readahead_size = read_ahead_bytes;
  auto* iterator = content_->db->NewIterator(options, content_->families[family]);
  return rocks_cursor{std::unique_ptr<rocks_cursor::content>{
      new rocks_cursor::content{std::unique_ptr<rocksdb::Iterator>{iterator}}}};
}

expected<void> rocks::flush() {
  return result_of(content_->db->Flush(rocksdb::FlushOptions{}, content_->families));
}

expected<void> rocks::resume() { return result_of(content_->db->Resume()); }

expected<void> rocks::catch_up() {
  if (content_->view_directory.empty())
    return {};
  return result_of(content_->db->TryCatchUpWithPrimary());
}

expected<std::optional<rocks_damage>> rocks::find_damage(std::size_t family) const {
  rocksdb::ColumnFamilyMetaData metadata;
  content_->db->GetColumnFamilyMetaData(content_->families[family], &metadata);
  std::optional<rocks_damage> first;
  for (const auto& level : metadata.levels) {
    for (const auto& file : level.files) {
      auto path = file.db_path + file.name;
      auto is_whole = checksum_of(path) == file.file_checksum;
      if (is_whole || (first && first->smallest_key <= file.smallestkey))
        continue;
      first = rocks_damage{path, file.smallestkey, fmt::format("{} is not what was written: its "
                                                               "checksum differs", path)};
    }
  }
  return first;
}

} // namespace carillon::stores
