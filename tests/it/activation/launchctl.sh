#!/bin/sh
# Stands in for launchctl, with a state of its own: it answers with the words and codes that are
# documented for the real one. A job lives in $HOME/launchd, in a file named after its target.
s=$HOME/launchd
printf '%s\n' "$*" >>"$s/calls"
fail() {
  printf '%s failed: %s: %s\n' "$2" "$1" "$3" >&2
  exit "$1"
}
file() { printf '%s/%s' "$s" "$(printf %s "$1" | tr / _)"; }

case $1 in
print-disabled)
  printf '\tdisabled services = {\n'
  [ -e "$s/disabled" ] && printf '\t\t"%s" => disabled\n' "$(cat "$s/disabled")"
  printf '\t}\n'
  ;;
print)
  if [ -e "$s/no-domain" ]; then
    printf 'Bad request.\nCould not find domain for user gui: 501\n' >&2
    exit 112
  fi
  f=$(file "$2")
  if [ -e "$f.leaving" ]; then
    n=$(cat "$f.leaving")
    if [ "$n" -gt 0 ]; then
      echo $((n - 1)) >"$f.leaving"
    else
      rm -f "$f" "$f.leaving"
    fi
  fi
  if [ ! -e "$f" ]; then
    printf 'Bad request.\nCould not find service "%s" in domain for user gui: 501\n' "${2##*/}" >&2
    exit 113
  fi
  cat "$f"
  ;;
bootout)
  f=$(file "$2")
  [ -e "$f" ] || fail 3 Boot-out "No such process"
  if [ -e "$s/slow" ]; then
    cp "$s/slow" "$f.leaving"
    fail 36 Boot-out "Operation now in progress"
  fi
  rm -f "$f"
  ;;
bootstrap)
  if [ -s "$s/refusals" ]; then
    code=$(sed -n 1p "$s/refusals")
    sed -i 1d "$s/refusals"
    fail "$code" Bootstrap "canary-5f1c"
  fi
  [ -e "$3" ] || fail 2 Bootstrap "No such file or directory"
  label=$(sed -n 's:.*<key>Label</key><string>\(.*\)</string>.*:\1:p' "$3")
  f=$(file "$2/$label")
  [ -e "$f" ] && fail 37 Bootstrap "Operation already in progress"
  {
    printf '%s/%s = {\n\tactive count = 1\n\tpath = %s\n\ttype = LaunchAgent\n' "$2" "$label" "$3"
    if [ -e "$s/falls" ]; then
      printf '\tstate = spawn scheduled\n\tlast exit code = %s\n' "$(cat "$s/falls")"
    else
      printf '\tstate = running\n\tpid = %s\n\tlast exit code = (never exited)\n' "$(cat "$s/pid")"
    fi
    printf '\n\tdefault environment = {\n\t\tPATH => /usr/bin:/bin:/usr/sbin:/sbin\n\t}\n\n\tenvironment = {\n'
    sed -n 's:.*<env>\(.*\)</env><string>\(.*\)</string>.*:\t\t\1 => \2:p' "$3"
    printf '\t\tXPC_SERVICE_NAME => %s\n\t}\n}\n' "$label"
  } >"$f"
  ;;
*)
  echo "Unrecognized subcommand: $1" >&2
  exit 64
  ;;
esac
