#include "tools/ledger.hpp"
#include "tools/record_format.hpp"
#include "tools/records.hpp"
#include "tools/subcommands.hpp"

#include "events/stream.hpp"
#include "http/json_writer.hpp"
#include "http/suggestion.hpp"
#include "http/view_json.hpp"
#include "stores/archive.hpp"

#include <algorithm>
#include <iostream>

namespace carillon::tools {
namespace {

struct log_options {
  std::string url;
  position after = 0;
  std::string stream;
  std::string type;
  std::string format = "table";
  bool is_following = false;
  std::size_t limit = 0;
};

expected<void> check(const log_options& o) {
  if (o.format == "ledger" && (o.after != 0 || !o.stream.empty() || !o.type.empty()))
    return refuse(errc::invalid_argument,
                  "the ledger needs the whole log: --after, --stream and --type do not go with it");
  if (o.is_following && !o.url.empty())
    return refuse(errc::invalid_argument,
                  "--follow needs a daemon: a log that is opened for reading stands still");
  const auto types = events::type_names();
  if (!o.type.empty() && std::find(types.begin(), types.end(), o.type) == types.end())
    return refuse(errc::invalid_argument,
                  "'" + o.type + "' is not a type of record" + http::did_you_mean(o.type, types),
                  "type");
  if (!o.stream.empty())
    if (auto parsed = events::parse_stream(o.stream); !parsed)
      return unexpected<error>{std::move(parsed).error()};
  return {};
}

/// Prints records as they come.
class printer {
public:
  explicit printer(const log_options& o) : options_{o} {
    if (o.format == "table")
      std::cout << table_titles() << '\n';
  }

  expected<bool> operator()(const recorded_event& recorded) {
    if (!options_.type.empty() && events::type_name(recorded.what) != options_.type)
      return true;
    if (!options_.stream.empty() && events::stream_of(recorded.what) != options_.stream)
      return true;
    if (options_.format == "ledger") {
      auto applied =
          ledger_.apply(recorded, [](const std::string& line) { std::cout << line << '\n'; });
      if (!applied)
        return unexpected<error>{std::move(applied).error()};
    } else if (options_.format == "json") {
      std::cout << http::to_json(recorded) << '\n';
    } else if (options_.format == "cloudevents") {
      std::cout << cloudevent(recorded) << '\n';
    } else {
      std::cout << table_line(recorded) << '\n';
    }
    ++printed_;
    return std::cout.good() && (options_.limit == 0 || printed_ < options_.limit);
  }

private:
  const log_options& options_;
  ledger ledger_;
  std::size_t printed_ = 0;
};

int read_offline(const log_options& o) {
  auto log = open_for_reading(o.url);
  if (!log)
    return fail(log.error());
  printer print{o};
  auto from = o.after;
  // Without a wish, reading begins where the log does.
  if (from == 0)
    if (const auto base = (*log)->base())
      from = base->at;
  const auto read = each_record(**log, from, [&](const recorded_event& e) { return print(e); });
  std::cout.flush();
  return read ? exit_ok : fail(read.error());
}

int read_through_daemon(const session& s, const log_options& o) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  printer print{o};
  position last = o.after;
  bool goes_on = true;
  auto read = each_record(*daemon, o.after, [&](const recorded_event& e) {
    last = e.at;
    auto more = print(e);
    goes_on = more && *more;
    return more;
  });
  std::cout.flush();
  if (!read)
    return fail(read.error());
  if (!o.is_following || !goes_on)
    return exit_ok;
  std::optional<error> stopped;
  read = daemon->follow(last, [&](const std::string& text) {
    const auto json = parse_json(text);
    const auto recorded =
        json ? record_of(*json) : expected<recorded_event>{unexpected{json.error()}};
    const auto more =
        recorded ? print(*recorded) : expected<bool>{unexpected<error>{recorded.error()}};
    std::cout.flush();
    if (!more)
      stopped = more.error();
    return more && *more;
  });
  if (stopped)
    return fail(*stopped);
  return read ? exit_ok : fail(read.error());
}

int run_log(const session& s, log_options o) {
  if (s.json)
    o.format = "json";
  if (auto good = check(o); !good)
    return fail(good.error());
  return o.url.empty() ? read_through_daemon(s, o) : read_offline(o);
}

struct retire_options {
  std::string url;
  std::string before;
  std::string archive;
};

/// The end of the last block that lies wholly before `wanted`.
expected<position> block_end(stores::event_log& log, position wanted) {
  const auto base = log.base();
  if (!base)
    return unexpected<error>{base.error()};
  auto out = base->at;
  constexpr std::size_t read_bytes = 4U << 20;
  for (;;) {
    const auto blocks = log.read(out, read_bytes);
    if (!blocks)
      return unexpected<error>{blocks.error()};
    for (const auto& block : *blocks) {
      const auto last = block.first + block.count - 1;
      if (last >= wanted)
        return out;
      out = last;
    }
    if (blocks->empty())
      return out;
  }
}

int run_retire(const session& s, const retire_options& o) {
  auto log = stores::open_log(o.url);
  if (!log)
    return fail(log.error());
  auto wanted = position_at(**log, o.before);
  if (!wanted)
    return fail(wanted.error());
  // An instant names the last record that it keeps out; a position the first one that it keeps.
  if (parse_instant(o.before))
    ++*wanted;
  const auto up_to = block_end(**log, *wanted);
  if (!up_to)
    return fail(up_to.error());
  const auto base = (*log)->base();
  if (base && *up_to == base->at) {
    note("nothing is older than " + o.before);
    return exit_ok;
  }
  const auto report = stores::retire(**log, *up_to, o.archive);
  if (!report)
    return fail(report.error());
  if (s.json)
    std::cout << http::json_object{}
                     .number("first", report->first)
                     .number("last", report->last)
                     .number("blocks", report->blocks)
                     .number("bytes", report->bytes)
                     .text("archive", o.archive)
                     .done()
              << '\n';
  else
    std::cout << "positions " << report->first << " to " << report->last << " moved to "
              << o.archive << " (" << report->blocks << " blocks, " << report->bytes << " bytes)\n";
  return exit_ok;
}

} // namespace

void add_log(CLI::App& program, session& s) {
  auto o = std::make_shared<log_options>();
  auto& command = subcommand(program, s, "log", "Print records, of a daemon or of a log (offline)",
                             [&s, o] { return run_log(s, *o); });
  add_client_options(command, s);
  command.add_option("--log", o->url,
                     "Read this log instead of asking a daemon: rocksdb:DIRECTORY");
  command.add_option("--after", o->after, "Only records after this position");
  command.add_option("--stream", o->stream, "Only this stream, such as schedule-nightly");
  command.add_option("--type", o->type, "Only this type, such as job_finished");
  command.add_option("-n,--limit", o->limit, "At most so many; 0 = all (default)");
  command.add_flag("--follow", o->is_following, "Go on with new records as they come");
  command.add_option("--format", o->format, "table (default), json, cloudevents or ledger")
      ->check(CLI::IsMember({"table", "json", "cloudevents", "ledger"}));

  add_log_level(command, s);

  auto r = std::make_shared<retire_options>();
  auto& retire =
      subcommand(command, s, "retire",
                 "Move old records into an archive file (offline; the daemon is stopped)",
                 [&s, r] { return run_retire(s, *r); });
  add_json_option(retire, s);
  retire.add_option("--log", r->url, "The log: rocksdb:DIRECTORY")->required();
  retire.add_option("--before", r->before, "Keep this position or instant and what follows")
      ->required();
  retire.add_option("--archive", r->archive, "New file to write them to")->required();
}

} // namespace carillon::tools
