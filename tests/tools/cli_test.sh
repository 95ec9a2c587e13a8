#!/usr/bin/env bash
# Daemon and command line, end to end: cli_test.sh PROGRAM SOURCE_FOLDER
set -u
program=$1
source_folder=$2
folder=$(mktemp -d)
export CARILLON_DATA=$folder/data
export XDG_STATE_HOME=$folder/state
unset CARILLON_TOKEN CARILLON_URL CARILLON_CONFIG
daemon=
failures=0
checks=0

cleanup() {
  if [[ -n $daemon ]]; then
    kill -TERM "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
  fi
  rm -rf "$folder"
}
trap cleanup EXIT

carillon() { "$program" "$@"; }

# passes NAME CONDITION...: runs the condition.
passes() {
  local name=$1
  shift
  checks=$((checks + 1))
  if ! "$@"; then
    echo "FAILED: $name ($*)"
    failures=$((failures + 1))
  fi
}
# ends NAME CODE COMMAND...: the command's exit code; its output goes to $folder/out and err.
ends() {
  local name=$1 wanted=$2
  shift 2
  checks=$((checks + 1))
  "$@" >"$folder/out" 2>"$folder/err" </dev/null
  local code=$?
  if [[ $code != "$wanted" ]]; then
    echo "FAILED: $name: exit $code instead of $wanted: $*"
    sed 's/^/  out: /' "$folder/out" | head -5
    sed 's/^/  err: /' "$folder/err" | head -5
    failures=$((failures + 1))
  fi
}
says() { passes "$1 says '$2'" grep -qF -- "$2" "$folder/out"; }
complains() { passes "$1 complains '$2'" grep -qF -- "$2" "$folder/err"; }

start_daemon() {
  local where=("$@")
  ((${#where[@]})) || where=(--listen 127.0.0.1:0)
  "$program" serve --node tester "${where[@]}" 2>"$folder/daemon.err" &
  daemon=$!
  for _ in $(seq 300); do
    grep -q '^ready ' "$folder/daemon.err" && return 0
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.1
  done
  echo "the daemon did not become ready:"
  cat "$folder/daemon.err"
  daemon=
  return 1
}
stop_daemon() {
  kill -TERM "$daemon"
  wait "$daemon"
  local code=$?
  daemon=
  return $code
}

# --- documentation ----------------------------------------------------------------------------

documented=$source_folder/docs/cli.md
help_of() { carillon "$@" --help 2>&1; }
options_of() {
  grep -oE '^ +(-[a-z], ?)?--[a-z-]+|^ +-[a-z],--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u
}
section_of() {
  awk -v title="## $1" '$0 == title {on = 1; next} /^## / {on = 0} on' "$documented"
}
subcommands=$(carillon --help | awk '/^Subcommands:/ {on = 1; next} on && /^  [a-z]/ {print $1}')
passes "subcommands are listed" test "$(wc -w <<<"$subcommands")" -ge 19
# Of import and export, what they take over and write.
documented_commands() {
  for name in $subcommands; do
    case $name in
      import) printf 'import %s\n' crontab systemd kubernetes apscheduler ;;
      export) echo "export crontab" ;;
      calendar) printf 'calendar %s\n' set show rm ;;
      *) echo "$name" ;;
    esac
  done
}
mapfile -t all_commands < <(documented_commands)
common=$(section_of "Options of every command that talks to a daemon")
for words in "${all_commands[@]}"; do
  title="carillon $words"
  section=$(section_of "$title")
  passes "docs/cli.md has a section '$title'" test -n "$section"
  help=$(help_of $words)
  for option in $(options_of <<<"$help"); do
    [[ $option == --help ]] && continue
    passes "docs/cli.md, $title: $option" \
      grep -qF -- "\`$option" <<<"$section"$'\n'"$common"
  done
  for option in $(grep -oE '^\| `--[a-z-]+' <<<"$section" | grep -oE -- '--[a-z-]+' | sort -u); do
    passes "$title has the documented $option" grep -qF -- "$option" <<<"$help"
  done
done

# --- usage and offline ------------------------------------------------------------------------

ends "no subcommand" 2 carillon
ends "an unknown subcommand" 2 carillon nonsense
ends "an unknown option" 2 carillon list --nonsense
ends "version" 0 carillon version
ends "version as JSON" 0 carillon version --json
says "version" '"version"'
ends "next by cron" 0 carillon next --cron '0 3 * * *' --tz Europe/Berlin \
  --from 2026-03-27T00:00:00Z -n 5
passes "next by cron is exact" diff <(cat "$folder/out") <(
  printf '2026-03-%s\n' 27T03:00:00+01:00 28T03:00:00+01:00 29T03:00:00+02:00 \
    30T03:00:00+02:00 31T03:00:00+02:00)
ends "next by interval" 0 carillon next --every 90m --from 2026-01-01T00:00:00Z -n 2 --json
says "next by interval" '"fires":["2026-01-01T00:00:00Z","2026-01-01T01:30:00Z"]'
ends "next before an instant" 0 carillon next --cron '0 3 * * *' --tz Europe/Berlin --previous \
  --from 2026-03-29T12:00:00Z -n 2
passes "next before an instant is exact" diff "$folder/out" <(
  printf '2026-03-%s\n' 29T03:00:00+02:00 28T03:00:00+01:00)
ends "next up to an instant" 0 carillon next --every 1h --from 2026-01-01T00:00:00Z \
  --to 2026-01-01T02:00:00Z --json
says "next up to an instant" '"fires":["2026-01-01T00:00:00Z","2026-01-01T01:00:00Z"]'
ends "next in total" 0 carillon next --every 1h --from 2026-01-01T00:00:00Z \
  --to 2026-01-02T00:00:00Z --total --json
says "next in total" '{"total":24}'
ends "next in total without an end" 2 carillon next --every 1h --total
ends "next both ways" 2 carillon next --every 1h --total --previous
ends "next in a dialect" 0 carillon next --cron '0 0 3 ? * 2' --dialect quartz --tz UTC \
  --from 2026-01-01T00:00:00Z -n 1
says "next in a dialect" 2026-01-05T03:00:00Z
ends "a dialect without --cron" 2 carillon next --every 5m --dialect vixie
ends "an unknown dialect" 2 carillon next --cron '* * * * *' --dialect hudson
ends "explain" 0 carillon explain '0 0 13 * fri' --tz UTC --from 2026-01-01T00:00:00Z -n 1
says "explain" 'when       at 00:00 on the 13th of each month, if that is a Friday, UTC'
says "explain" 'next       2026-02-13T00:00:00Z Friday'
says "explain" 'previous   2025-06-13T00:00:00Z Friday'
says "explain" 'warning    both_day_fields (trigger.spec.day_of_week): '
ends "explain as JSON" 0 carillon explain --at 2026-03-29T03:00:00+02:00 --json \
  --from 2026-01-01T00:00:00Z
says "explain as JSON" '"fires":["2026-03-29T01:00:00Z"],"previous":null,"exhausted":true'
ends "explain by any notation" 0 carillon explain 'Mon *-*-* 10:00' --tz UTC
says "explain by any notation" 'at 10:00 on Monday, UTC'
ends "explain without a trigger" 2 carillon explain
ends "explain with two triggers" 2 carillon explain '* * * * *' --every 5m
ends "explain with a trigger and a schedule" 2 carillon explain '* * * * *' --schedule s
ends "explain with a bad cron" 2 carillon explain '0 25 * * *'
complains "explain with a bad cron" '  ^'
ends "validate" 0 carillon validate '0 3 * * *' --tz UTC
says "validate" 'valid: at 03:00 every day, UTC'
ends "validate with a warning" 0 carillon validate '*/7 * * * *' --tz UTC
says "validate with a warning" 'warning uneven_step (trigger.spec.minute)'
ends "validate with a warning, strictly" 1 carillon validate '*/7 * * * *' --tz UTC --strict
ends "validate what never fires" 1 carillon validate '0 0 30 2 *' --tz UTC
says "validate what never fires" 'error never_fires (trigger)'
ends "validate a mistake" 1 carillon validate '0 0 3 ? * FOO'
complains "validate a mistake" '          ^'
ends "validate a mistake as JSON" 1 carillon validate '0 25 * * *' --json
says "validate a mistake as JSON" '"field":"trigger.spec.hour"'
says "validate a mistake as JSON" '"column":3'
ends "validate without a trigger" 2 carillon validate
printf '%s\n' BEGIN:VCALENDAR BEGIN:VEVENT "DTSTART;VALUE=DATE:20260102" \
  "DTEND;VALUE=DATE:20260104" END:VEVENT END:VCALENDAR >"$folder/feasts.ics"
without_feasts='{"kind":"except","timezone":"UTC","spec":{"exclude":[{"calendar":"feasts"}],
  "trigger":{"kind":"cron","spec":{"hour":12},"timezone":"UTC"}}}'
ends "next without holidays" 0 carillon next --trigger "$without_feasts" \
  --calendar-file "$folder/feasts.ics" --from 2026-01-01T00:00:00Z -n 2
passes "next without holidays is exact" diff <(cat "$folder/out") <(
  printf '2026-01-%sT12:00:00Z\n' 01 04)
ends "next with a calendar without days" 2 carillon next --trigger "$without_feasts"
complains "next with a calendar without days" "calendar 'feasts' comes without its days"
ends "next with a calendar of another name" 2 carillon next --trigger "$without_feasts" \
  --calendar-file "other=$folder/feasts.ics"
complains "next with a calendar of another name" "the trigger names no calendar 'other'"
ends "next without a trigger" 2 carillon next
ends "next with two triggers" 2 carillon next --cron '* * * * *' --every 5m
ends "next with a bad cron" 2 carillon next --cron '99 * * * *'
ends "next with a bad zone" 2 carillon next --cron '* * * * *' --tz Mars/Base
hourly='{"id":1,"kind":"interval","spec":{"hours":1},"start_time":"2026-01-01T00:00:00Z","count":1}'
printf '%s\n' "$hourly" \
  'nonsense' >"$folder/batch"
carillon next --batch <"$folder/batch" >"$folder/out"
passes "a bad line does not end the batch" test "$(wc -l <"$folder/out")" = 2
says "batch" '"fires":["2026-01-01T00:00:00Z"]'
ends "list without a daemon" 5 carillon list
complains "list without a daemon" "carillon serve"
ends "serve with an unknown setting" 2 carillon serve --lisen 127.0.0.1:0
printf 'lisen = "x"\n' >"$folder/bad.toml"
ends "serve with an unknown key" 2 carillon serve --config "$folder/bad.toml"
complains "serve with an unknown key" "did you mean 'listen'?"
ends "serve on a public address" 2 carillon serve --listen 0.0.0.0:0 --log memory:
ends "serve on a log that is away" 5 carillon serve --log postgres://127.0.0.1:1/x
complains "serve on a log that is away" "the database is away"
ends "serve with a broker" 2 carillon serve --broker mqtt://localhost:1883
ends "replay of no log" 3 carillon replay --log "rocksdb:$folder/none"
ends "verify of no log" 3 carillon verify --log "rocksdb:$folder/none"

# --- a daemon ---------------------------------------------------------------------------------

start_daemon || exit 1
passes "the token is its owner's alone" test "$(stat -c %a "$CARILLON_DATA/token")" = 600
ends "a second daemon on the log" 4 carillon serve --listen 127.0.0.1:0
ends "status" 0 carillon status --json
says "status" '"node":"tester"'
CARILLON_TOKEN=wrong ends "a wrong token" 6 carillon list

ends "add" 0 carillon add tick --every 1s -- /bin/sh -c "echo fired >>$folder/ticks"
says "add" "tick created"
ends "add again" 0 carillon add tick --every 5s -- /bin/true
complains "add again" "was kept"
ends "add, exception" 4 carillon add tick --every 5s --if-exists exception -- /bin/true
ends "add without a command" 2 carillon add other --every 5s
ends "add with a relative path" 2 carillon add other --every 5s -- true
ends "add with a grace" 0 carillon add patient --every 1h --disconnect-grace 90s -- /bin/true
ends "tasks of it" 0 carillon tasks --json
says "tasks of it" '"disconnect_grace":90'
ends "remove it" 0 carillon rm patient
ends "add with labels" 0 carillon add picky --every 1h --require gpu --require zone=a -- /bin/true
ends "tasks of it, with labels" 0 carillon tasks --json
says "tasks of it, with labels" '"requires":{"gpu":"","zone":"a"}'
ends "remove it, with labels" 0 carillon rm picky
ends "add with labels for no command" 2 carillon add other --every 5s --task tick --require gpu
ends "add with a grace for no command" 2 carillon add other --every 5s --task tick \
  --disconnect-grace 90s
ends "add of an unknown task" 3 carillon add other --every 5s --task none
ends "add with a bad name" 2 carillon add 'a b' --every 5s -- /bin/true
ends "add at" 0 carillon add later --at 2099-01-01T00:00:00Z --paused -- /bin/true
ends "add calendar" 0 carillon add monthly --calendar '1 month 03:30' --tz Europe/Berlin \
  -- /bin/true
ends "list" 0 carillon list
says "list" "NEXT"
says "list" "tick"
says "list" "paused"
ends "list as JSON" 0 carillon list --json
says "list as JSON" '"id":"monthly"'
ends "show" 0 carillon show tick --json
says "show" '"state":"active"'
ends "show of nothing" 3 carillon show nothing
ends "explain a schedule" 0 carillon explain --schedule tick -n 0
says "explain a schedule" "of elapsed time"
ends "explain no schedule" 3 carillon explain --schedule nothing
ends "pause" 0 carillon pause monthly
ends "pause of nothing" 3 carillon pause nothing
ends "resume" 0 carillon resume monthly --from now
ends "rm of nothing" 3 carillon rm nothing
printf '%s\r\n' BEGIN:VCALENDAR BEGIN:VEVENT 'DTSTART;VALUE=DATE:20991224' END:VEVENT \
  END:VCALENDAR >"$folder/de.ics"
ends "calendar set" 0 carillon calendar set de "$folder/de.ics"
says "calendar set" "de created"
ends "calendar set again" 0 carillon calendar set de --days 2099-12-24
says "calendar set again" "de unchanged"
ends "calendar set without days" 2 carillon calendar set de
ends "add with a calendar" 0 carillon add working --trigger '{"kind":"except","spec":{
  "trigger":{"kind":"cron","spec":{"hour":3},"start_time":"2099-12-23T12:00:00Z"},
  "exclude":[{"calendar":"de"}]},"timezone":"UTC"}' -- /bin/true
ends "add with an unknown calendar" 2 carillon add working2 --trigger '{"kind":"except","spec":{
  "trigger":{"kind":"cron","spec":{"hour":3}},"exclude":[{"calendar":"us"}]}}' -- /bin/true
complains "add with an unknown calendar" "calendar 'us' does not exist; there are 'de'"
ends "other days" 0 carillon calendar set de --days 2099-12-24/2099-12-26,2099-12-31
ends "the schedule follows" 0 carillon show working --json
says "the schedule follows" '"next_fire_time":"2099-12-27T03:00:00Z"'
ends "explain it" 0 carillon explain --schedule working --from 2099-12-23T00:00:00Z -n 1
says "explain it" "2099-12-27T03:00:00Z"
ends "calendars" 0 carillon calendars --json
says "calendars" '"day_count":4'
says "calendars" '"schedule_count":1'
ends "calendar show" 0 carillon calendar show de
says "calendar show" "2099-12-24/2099-12-26"
says "calendar show" "working"
ends "calendar rm in use" 4 carillon calendar rm de
complains "calendar rm in use" "schedule 'working'"
ends "log of it" 0 carillon log --type schedule_recomputed
says "log of it" "schedule-working"
ends "rm of its schedule" 0 carillon rm working
ends "calendar rm" 0 carillon calendar rm de
ends "calendar show of nothing" 3 carillon calendar show de
ends "tasks" 0 carillon tasks
says "tasks" "/bin/sh -c"

# Shell metacharacters arrive in argv as they are.
strange='a b;$(touch '$folder'/pwned)|`id`&&"quoted" '\''single'\'' * ? ~ \n {x} <y >z # %'
ends "run --wait" 0 carillon run --wait -- /usr/bin/printf '%s|' "$strange" '--flag' ''
passes "argv is unchanged" test "$(cat "$folder/out")" = "$strange|--flag||"
passes "nothing was run by a shell" test ! -e "$folder/pwned"
ends "run of a failing command" 1 carillon run --wait -- /bin/false
complains "run of a failing command" "error"
ends "run of an unknown task" 3 carillon run nothing
ends "run with arguments" 0 carillon run --name echo --wait -- /bin/echo one
ends "run of a task" 0 carillon run echo --wait --args '["two", 3]'
says "run of a task" "one two 3"
ends "cancel of an unknown job" 3 carillon cancel 01890a5d-ac96-774b-bcce-b302099a8057
ends "run for long" 0 carillon run -- /bin/sleep 600
job=$(cat "$folder/out")
ends "cancel" 0 carillon cancel "$job" --reason test
ends "jobs" 0 carillon jobs --task echo
says "jobs" "success"

for _ in $(seq 100); do
  [[ -s $folder/ticks ]] && (($(wc -l <"$folder/ticks") >= 2)) && break
  sleep 0.1
done
passes "the schedule fires" test "$(wc -l <"$folder/ticks")" -ge 2
ends "jobs of a schedule" 0 carillon jobs --schedule tick --outcome success --json
says "jobs of a schedule" '"schedule":"tick"'
ends "log" 0 carillon log --type job_finished
says "log" "job_finished"
ends "log of an unknown type" 2 carillon log --type job_finnished
complains "log of an unknown type" "did you mean 'job_finished'?"
ends "log level" 0 carillon log level
says "log level" "the log is at level 1; this node knows up to 1"
ends "log level, raised to what it is" 0 carillon log level --raise 1
ends "log level, raised too far" 2 carillon log level --raise 9
complains "log level, raised too far" "level 9 is not known to this build, which knows up to 1"
ends "log as CloudEvents" 0 carillon log --format cloudevents -n 3
says "log as CloudEvents" '"specversion":"1.0"'

# --- crontab ----------------------------------------------------------------------------------

cat >"$folder/crontab" <<'EOF'
# comment
MAILTO=root
PATH=/usr/bin:/bin
GREETING="hello world"

# Says hello
*/5 * * * * echo "$GREETING"
0 3 1 * mon cat > /dev/null%line one%line two
@daily date +\%F
CRON_TZ=Asia/Tokyo
30 4 * * 1-5 true
EOF
ends "import --dry-run" 0 carillon import crontab "$folder/crontab" --dry-run
says "import --dry-run" "4 created"
ends "import" 0 carillon import crontab "$folder/crontab"
says "import" "4 created, 0 updated, 0 unchanged"
before=$(carillon status --json | grep -o '"schedules":[0-9]*')
ends "import again" 0 carillon import crontab "$folder/crontab"
says "import again" "0 created, 0 updated, 4 unchanged"
ends "import of one line less" 0 carillon import crontab <(grep -v daily "$folder/crontab") \
  --label crontab --prune
says "import of one line less" "1 removed"
passes "import adds nothing twice" test "$before" = '"schedules":7'
printf '0 25 * * * x\n' >"$folder/bad"
ends "import of a mistake" 2 carillon import crontab "$folder/bad"
complains "import of a mistake" "bad:1:3: error:"

# --- the log agrees ---------------------------------------------------------------------------

ends "pause tick" 0 carillon pause tick
for _ in $(seq 100); do
  carillon status --json | grep -q '"jobs_waiting":0,"jobs_running":0' && break
  sleep 0.1
done
live=$(carillon status --json | grep -o '"state_hash":"[0-9a-f]*"')
at=$(carillon status --json | grep -o '"position":[0-9]*' | cut -d: -f2)
ends "verify beside the daemon" 0 carillon verify --log "rocksdb:$CARILLON_DATA/log"
ends "replay beside the daemon" 0 carillon replay --log "rocksdb:$CARILLON_DATA/log" \
  --at "$at" --json
passes "replay gives the live state hash" grep -qF "$live" "$folder/out"
ends "ledger through the daemon" 0 carillon log --format ledger
cp "$folder/out" "$folder/ledger.daemon"
ends "ledger offline" 0 carillon log --log "rocksdb:$CARILLON_DATA/log" --format ledger
head -n "$(wc -l <"$folder/ledger.daemon")" "$folder/out" >"$folder/ledger.offline"
passes "both ledgers are the same" cmp -s "$folder/ledger.daemon" "$folder/ledger.offline"
says "ledger" '"type":"FireRecorded"'
says "ledger" '"type":"JobClaimed"'

passes "TERM stops cleanly" stop_daemon
ends "list after the stop" 5 carillon list
ends "replay as of an instant" 0 carillon replay --log "rocksdb:$CARILLON_DATA/log" \
  --at 2099-01-01T00:00:00Z
start_daemon || exit 1
ends "list after a restart" 0 carillon list --json
says "list after a restart" '"id":"tick"'
ends "rm" 0 carillon rm tick later
ends "cleanup" 0 carillon cleanup
passes "TERM stops cleanly again" stop_daemon

# --- import and export ------------------------------------------------------------------------

# A daemon that runs nothing: what is imported here is not ours to run.
samples=$source_folder/tests/tools/import
export TZ=Europe/Berlin
start_daemon --listen 127.0.0.1:0 --log "rocksdb:$folder/imports" --role scheduler \
  --max-concurrent-jobs 0 || exit 1
ends "import of 200 lines" 0 carillon import crontab "$samples/crontab" --label busy
says "import of 200 lines" "200 created, 0 updated, 0 unchanged"
ends "export" 0 carillon export crontab --label busy
cp "$folder/out" "$folder/exported"
ends "import of the export" 0 carillon import crontab "$folder/exported" --label busy --prune
says "import of the export" "0 created, 0 updated, 200 unchanged, 0 removed"
ends "add what no crontab can say" 0 carillon add hourly --every 1h -- /bin/true
ends "export of all" 1 carillon export crontab
complains "export of all" "hourly: error: its trigger is no cron expression"
ends "export of what can be said" 0 carillon export crontab --partial
cat >"$folder/tidy.timer" <<'EOF'
[Timer]
OnCalendar=*-*-* 03:00
OnCalendar=Sun 12:00
Persistent=true
RandomizedDelaySec=5min
EOF
printf '[Service]\nType=oneshot\nExecStart=/bin/sh -c "exit 0"\n' >"$folder/tidy.service"
for round in 1 2; do
  ends "import systemd" 0 carillon import systemd "$folder/tidy.timer"
  ends "import kubernetes" 0 carillon import kubernetes "$samples/cronjobs.yaml" --json
  says "import kubernetes" "$([[ $round == 1 ]] && echo '"created":2' || echo '"unchanged":2')"
done
ends "import systemd again" 0 carillon import systemd "$folder/tidy.timer"
says "import systemd again" "unchanged  systemd:units/tidy"
ends "the imported CronJob is paused" 0 carillon show kubernetes:cronjobs.yaml/ping --json
says "the imported CronJob is paused" '"paused":true'
ends "import apscheduler without tasks" 3 carillon import apscheduler "$samples/apscheduler.jsonl"
complains "import apscheduler without tasks" "needs the task 'reports:daily'"
ends "a task" 0 carillon run --name reports:daily -- /bin/true
ends "another task" 0 carillon run --name feeds:poll -- /bin/true
ends "import apscheduler" 0 carillon import apscheduler "$samples/apscheduler.jsonl"
says "import apscheduler" "6 created, 0 updated, 0 unchanged, 0 removed, 1 skipped"
ends "import apscheduler again" 0 carillon import apscheduler "$samples/apscheduler.jsonl"
says "import apscheduler again" "0 created, 0 updated, 6 unchanged"
printf '[Timer]\nOnBootSec=5min\n' >"$folder/tidy.timer"
ends "import of what can not be said" 2 carillon import systemd "$folder/tidy.timer"
complains "import of what can not be said" "tidy.timer:2:1: error: OnBootSec alone"
passes "TERM stops the importer" stop_daemon
ends "export offline" 0 carillon export crontab --log "rocksdb:$folder/imports" --label busy
passes "both exports are the same" cmp -s "$folder/exported" "$folder/out"

start_daemon --listen "unix:$folder/socket" --log memory: || exit 1
ends "a Unix socket needs no token" 0 carillon status --data "$folder/elsewhere" \
  --url "unix:$folder/socket"
passes "the socket is its owner's alone" test "$(stat -c %a "$folder/socket")" = 600

echo "$checks checks, $failures failed"
exit $((failures > 0))
