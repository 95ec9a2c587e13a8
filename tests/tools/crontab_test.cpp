#include "tools/crontab.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::tools;

namespace {

crontab_entry only(const std::string& text, bool has_user = false) {
  auto read = parse_crontab(text, has_user);
  for (const auto& m : read.messages)
    UNSCOPED_INFO(m.line << ':' << m.column << ' ' << m.text);
  REQUIRE(read.entries.size() == 1);
  return read.entries.front();
}

crontab_message first_message(const std::string& text, bool has_user = false) {
  const auto read = parse_crontab(text, has_user);
  REQUIRE_FALSE(read.messages.empty());
  return read.messages.front();
}

} // namespace

TEST_CASE("crontab: five fields and a command, however they are spaced") {
  const auto entry = only("\t */5  0-6\t* * mon-fri   /usr/bin/backup --all  \r\n");
  CHECK(entry.fields == "*/5 0-6 * * mon-fri");
  CHECK(entry.command == "/usr/bin/backup --all");
  CHECK(entry.shell == "/bin/sh");
  CHECK(entry.line == 1);
}

TEST_CASE("crontab: environment lines count for the entries below them") {
  const auto read = parse_crontab("A=1\n* * * * * one\nA = \"2 3 \"\n'B'=x=y\nSHELL=/bin/bash\n"
                                  "* * * * * two\n",
                                  false);
  REQUIRE(read.entries.size() == 2);
  CHECK(read.entries[0].env == std::map<std::string, std::string>{{"A", "1"}});
  CHECK(read.entries[1].env ==
        std::map<std::string, std::string>{{"A", "2 3 "}, {"B", "x=y"}, {"SHELL", "/bin/bash"}});
  CHECK(read.entries[1].shell == "/bin/bash");
}

TEST_CASE("crontab: an equals sign in a command makes it no environment line") {
  CHECK(only("0 0 * * * FOO=bar run").command == "FOO=bar run");
  CHECK(only("@daily A=b").command == "A=b");
}

TEST_CASE("crontab: CRON_TZ moves the times, TZ only goes to the commands") {
  const auto read =
      parse_crontab("CRON_TZ=Asia/Tokyo\n0 3 * * * a\nTZ=Europe/Berlin\n0 3 * * * b\n", false);
  REQUIRE(read.entries.size() == 2);
  CHECK(trigger_of(read.entries[0], "UTC").timezone == "Asia/Tokyo");
  CHECK(read.entries[1].zone == "Asia/Tokyo");
  CHECK(read.entries[1].env.at("TZ") == "Europe/Berlin");
  CHECK_FALSE(read.has_errors());
  CHECK(read.messages.size() == 1);
}

TEST_CASE("crontab: a percent sign begins standard input, further ones are its newlines") {
  const auto entry = only("0 0 * * * mail -s x% Hello%World");
  CHECK(entry.command == "mail -s x");
  CHECK(entry.stdin_text == " Hello\nWorld\n");
  const auto escaped = only("0 0 * * * date +\\%F");
  CHECK(escaped.command == "date +%F");
  CHECK(escaped.stdin_text.empty());
  CHECK(only("0 0 * * * cat%").stdin_text == "\n");
}

TEST_CASE("crontab: the nicknames of cron") {
  CHECK(only("@daily x").fields == "0 0 * * *");
  CHECK(only("@hourly x").fields == "0 * * * *");
  CHECK(only("@annually x").fields == "0 0 1 1 *");
  CHECK(only("@weekly x").fields == "0 0 * * 0");
  const auto reboot = first_message("@reboot x");
  CHECK_FALSE(reboot.is_error);
  CHECK(first_message("@dayly x").is_error);
}

TEST_CASE("crontab: the user column of a system crontab") {
  const auto entry = only("17 * * * * root cd / && run-parts --report /etc/cron.hourly", true);
  CHECK(entry.user == "root");
  CHECK(entry.command == "cd / && run-parts --report /etc/cron.hourly");
  CHECK(first_message("17 * * * * root", true).text == "the command is missing");
}

TEST_CASE("crontab: comments right above an entry describe it") {
  const auto read = parse_crontab("# Backup\n#  of the house\n0 3 * * * a\n\n# far away\n\n"
                                  "0 4 * * * b\n",
                                  false);
  REQUIRE(read.entries.size() == 2);
  CHECK(read.entries[0].description == "Backup\nof the house");
  CHECK(read.entries[1].description.empty());
}

TEST_CASE("crontab: mistakes are named by line and column") {
  const auto message = first_message("# fine\n0 3 * * * a\n0 25 * * * b\n");
  CHECK(message.line == 3);
  CHECK(message.column == 3);
  CHECK(message.is_error);
  const auto cut = first_message("0 3 * *\n");
  CHECK(cut.line == 1);
  CHECK(cut.text == "five time fields and a command are needed");
  CHECK(first_message("0 3 * * *").text == "the command is missing");
  CHECK(first_message("hello world").is_error);
  CHECK(first_message("CRON_TZ=Mars/Base\n0 3 * * * x").is_error);
}

TEST_CASE("crontab: times follow cron's rule for the day") {
  const auto spec = trigger_of(only("0 0 1 * mon x"), "Europe/Berlin");
  const auto* rule = std::get_if<cron>(&spec.kind);
  REQUIRE(rule);
  CHECK(rule->dialect == cron_dialect::vixie);
  CHECK(spec.timezone == "Europe/Berlin");
}

TEST_CASE("crontab: nothing and noise are read without harm") {
  CHECK(parse_crontab("", false).entries.empty());
  CHECK(parse_crontab("\n\n#\n####\n", false).messages.empty());
  for (const auto* text : {"=", "=x", "@", "-", "%", "\\", "\"", "'=", "\xFF\xFF\xFF\xFF\xFF"}) {
    INFO(text);
    CHECK(parse_crontab(text, false).entries.empty());
    CHECK(parse_crontab(text, true).entries.empty());
  }
}
