#pragma once

#include "carillon/expected.hpp"
#include "carillon/ids.hpp"

#include <string>

/// The file that says who has a log open, for the message that a second process gets. The lock
/// itself is RocksDB's.
namespace carillon::stores {

/// Writes this process's id, and `node` when it has one.
expected<void> write_holder(const std::string& path, const node_id& node);

/// "process 4711 (node 'a')", or "another process" when the file does not tell.
std::string describe_holder(const std::string& path);

} // namespace carillon::stores
