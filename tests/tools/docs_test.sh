#!/usr/bin/env bash
# The commands of a page do what the page shows: docs_test.sh PROGRAM PAGE
# An indented line "$ carillon ..." is a command (a backslash at its end, or a quote that is open,
# goes on in the next line);
# the indented lines below it, up to a blank line or the next command, are what it prints.
set -u
program=$1
page=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CARILLON_DATA=$folder/data TZ=UTC
unset CARILLON_TOKEN CARILLON_URL CARILLON_CONFIG
checks=0
failures=0
command=
wanted=

carillon() { "$program" "$@"; }

run() {
  [[ -n $command ]] || return 0
  checks=$((checks + 1))
  local got
  got=$(eval "$command" 2>&1 </dev/null)
  if [[ $got != "${wanted%$'\n'}" ]]; then
    echo "FAILED: $command"
    diff <(printf '%s' "$wanted") <(printf '%s\n' "$got") | sed 's/^/  /'
    failures=$((failures + 1))
  fi
  command=
  wanted=
}

goes_on=0
while IFS= read -r line || [[ -n $line ]]; do
  text=${line#    }
  if ((goes_on)); then
    command+=$'\n'$text
  elif [[ $line == '    $ carillon '* ]]; then
    run
    command=${text#\$ }
  elif [[ $line == '    '* && -n $command ]]; then
    wanted+=$text$'\n'
    continue
  else
    run
    continue
  fi
  quotes=${command//[^\']/}
  [[ $text == *\\ ]] || ((${#quotes} % 2)) && goes_on=1 || goes_on=0
done <"$page"
run
echo "$checks commands of $page, $failures failures"
((checks > 0 && failures == 0))
