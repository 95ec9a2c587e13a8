#!/bin/sh
# Runs the example as its test does: separate_worker.sh PROGRAM CARILLON SCRIPTS_FOLDER
# A private PostgreSQL, two workers, one client; prints what the client prints.
set -eu
program=$1 carillon=$2 scripts=$3

folder=$(mktemp -d /tmp/carillon-example.XXXXXX)
workers=
leave() {
  # shellcheck disable=SC2086
  [ -z "$workers" ] || kill $workers 2>/dev/null || true
  wait
  "$scripts/postgres" stop "$folder/pg"
  rm -rf "$folder"
}
trap leave EXIT
chmod 711 "$folder"
url=$("$scripts/postgres" start "$folder/pg")
"$carillon" migrate --log "$url" >/dev/null
for _ in 1 2; do
  "$program" worker "$url" &
  workers="$workers $!"
done
"$program" client "$url"
