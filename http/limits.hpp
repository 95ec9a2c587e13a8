#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every limit of the HTTP server by name. What is beyond one is refused, never cut short.
namespace carillon::http {

inline constexpr std::size_t body_bytes_max = 1U << 20; ///< Request body: 413.
inline constexpr std::size_t drained_bytes_max = 16U
                                                 << 20; ///< Of a too long body, read and dropped.
inline constexpr std::size_t header_bytes_max = 16U << 10; ///< All header lines of a request: 431.
inline constexpr std::size_t token_bytes_max = 512;        ///< Longest bearer token.
inline constexpr std::size_t idempotency_key_bytes_max = 200; ///< Longest Idempotency-Key.
inline constexpr std::size_t errors_max = 32;                 ///< Fields named in one problem.
inline constexpr std::size_t jobs_per_request_max = 10'000;   ///< `{"jobs": [...]}`.
inline constexpr std::size_t page_items_max = 1'000;          ///< `limit` of lists and events.
inline constexpr std::size_t page_items_default = 100;
inline constexpr std::int64_t preview_fires_max = 1'000; ///< `count` of a preview.
inline constexpr std::int64_t preview_fires_default = 10;
inline constexpr std::size_t request_threads = 16;   ///< Requests answered at once.
inline constexpr std::size_t waits_max = 16;         ///< `result?wait=` at once: 429.
inline constexpr std::size_t streams_max = 16;       ///< Event streams at once: 429.
inline constexpr std::size_t stream_batch_max = 256; ///< Events written in one go.
inline constexpr int listen_backlog = 256;           ///< Connections the kernel queues.
inline constexpr std::size_t requests_per_connection_max = 10'000;
inline constexpr std::chrono::seconds keep_alive_timeout{5}; ///< Idle connections are closed.
inline constexpr std::chrono::seconds read_timeout{10};      ///< Between two pieces of a request.
inline constexpr std::chrono::seconds write_timeout{10};     ///< Until a slow reader is dropped.
inline constexpr std::chrono::seconds min_position_wait{2};  ///< Carillon-Min-Position: then 503.
inline constexpr std::chrono::seconds result_wait_max{60};   ///< Longest `wait=`.
inline constexpr std::chrono::seconds stream_heartbeat{15};  ///< A comment line on a quiet stream.
inline constexpr std::chrono::seconds no_auth_warning{60};   ///< Between two warnings.

} // namespace carillon::http
