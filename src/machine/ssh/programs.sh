# Programs of the far side, run by its one shell: see far.sh, which stands below this text and says
# what m and sudo are.

# where programs run, and what they get of the environment: $U, $H, $X, $B
settle() {
  U=$(id -un)
  I=$(id -u)
  # under sudo the environment may still be that of the login
  if [ "$sudo" ]; then
    H= X= B=
  else
    H=$HOME X=$XDG_RUNTIME_DIR B=$DBUS_SESSION_BUS_ADDRESS
  fi
  case $H in
    /*) ;;
    *)
      H=
      case $U in
        "" | *[!A-Za-z0-9._-]*) ;;
        *) eval "H=~$U" ;;
      esac
      ;;
  esac
  case $H in
    /*) ;;
    *) H= ;;
  esac
  if [ -z "$X" ] && [ -d "/run/user/$I" ]; then
    X=/run/user/$I
  fi
  if [ -z "$B" ] && [ "$X" ] && [ -S "$X/bus" ]; then
    B=unix:path=$X/bus
  fi
}

# the path of a program into $q: never a word of this shell
find_program() {
  case $1 in
    */*)
      q=$1
      [ -e "$q" ] || return 1
      [ -f "$q" ] && [ -x "$q" ] || return 2
      return
      ;;
  esac
  c=1
  x=$PATH:
  while [ "$x" ]; do
    q=${x%%:*}
    x=${x#*:}
    case $q in
      /*) q=$q/$1 ;;
      *) continue ;;
    esac
    if [ -f "$q" ]; then
      [ -x "$q" ] && return
      c=2
    fi
  done
  return $c
}

# a folder for the moment, in memory where there is one
make_folder() {
  for x in "$X" /dev/shm "$TMPDIR" /tmp /var/tmp "$H"; do
    case $x in
      /*) ;;
      *) continue ;;
    esac
    t=$x/.driftlock-$$-$r.run
    e=$(mkdir "$t" 2>&1) && return
  done
  return 1
}

# exactly $z bytes of the requests, no more
take() {
  if [ "$full" ]; then
    dd bs="$z" count=1 iflag=fullblock <&4
  else
    dd bs=1 count="$z" <&4
  fi
}

# keeps the beginning of what a program prints, and reads on for as long as somebody may print: the
# program must not wait, and what it leaves running must not die of it
drain() {
  (
    ulimit -c 0
    ulimit -f 2048
    exec cat
  ) && exit
  exec cat >/dev/null
}

slay() {
  if [ "$group" ]; then
    kill "-$1" "-$p" || kill "-$1" "$p"
  else
    kill "-$1" "$p"
  fi
}

watch() {
  # told to go between the start of its sleep and the next line, it takes that along too; what is
  # still this shell, about to become sleep, would lose any other signal
  trap 'case $! in "$p" | 0 | "") ;; *) kill -9 "$!" ;; esac; exit 0' TERM
  sleep "$w" &
  s=$!
  wait "$s"
  trap "" TERM
  # if this shell was killed, nobody knows whose the number is by now
  kill -0 "$$" || exit 0
  slay TERM
  sleep 1
  slay KILL
  exit 7
}

# A program that has ended has printed all that it prints, but it may not be read yet. What it left
# running may hold the outputs for ever, so this waits for a little while only.
wait_for_readers() {
  k=0
  while kill -0 "$d" || kill -0 "$g"; do
    k=$((k + 1))
    if [ "$k" -le 20 ]; then
      (:)
    elif [ "$k" -le 23 ]; then
      sleep 0.1 || sleep 1
    else
      return
    fi
  done
}

# Runs a program. $n arguments, $z bytes of input, $w seconds. Nothing is begun before all of the
# input and the word behind it are here. Its files have no names by the time anything is in them.
# What ends with 9 leaves input behind that must not be taken for requests.
run() (
  get
  a=$v
  set --
  while [ "$n" -gt 0 ]; do
    get
    set -- "$@" "$v"
    n=$((n - 1))
  done
  exec 4<&0
  e=
  no() {
    say "$1"
    say "$2"
    exit "${3:-0}"
  }
  if make_folder; then
    (cd "$t" && mkfifo o e && : >i >O >E) || e=x
  else
    t=/nowhere
    e=${e:-x}
  fi
  forget() {
    rm -f "$t/o" "$t/e" "$t/i" "$t/O" "$t/E"
    rmdir "$t"
  }
  if [ "$z" -gt 0 ]; then
    if [ "$e" ] || ! { exec 5>>"$t/i" 6<"$t/i" 7<"$t/i"; }; then
      [ "$e" ] || e=x
      take >/dev/null || no folder "$e" 9
    else
      rm -f "$t/i"
      x=$(take 2>&1 >&5)
      c=$?
      exec 5>&-
      y=$(($(wc -c <&6)))
      exec 6<&-
      if [ "$y" -ne "$z" ]; then
        forget
        [ "$c" != 0 ] || no short "" 9
        no folder "$x" 9
      fi
    fi
  else
    exec 7</dev/null
  fi
  IFS= read -r l || l=
  if [ "$l" != "go $r" ]; then
    forget
    exit 9
  fi
  if [ "$e" ]; then
    forget
    no folder "$e"
  fi
  find_program "$a"
  case $? in
    0) ;;
    1)
      forget
      no unknown
      ;;
    *)
      forget
      no denied
      ;;
  esac
  # redirected by exec: what a shell keeps to put a redirection back would keep the connection too
  (
    exec >>"$t/O" <"$t/o" 3>&- 4<&- 7<&-
    drain
  ) &
  d=$!
  exec 8>"$t/o"
  (
    exec >>"$t/E" <"$t/e" 3>&- 4<&- 7<&- 8>&-
    drain
  ) &
  g=$!
  exec 9>"$t/e" 5<"$t/O" 6<"$t/E"
  forget
  # a path with = in it would be taken for a variable
  case $q in
    *=*) set -- sh -c 'unset PWD OLDPWD SHLVL; exec "$0" "$@"' "$q" "$@" ;;
    *) set -- "$q" "$@" ;;
  esac
  set -- env -i PATH="$PATH" LC_ALL=C ${H:+"HOME=$H"} ${U:+"USER=$U" "LOGNAME=$U"} \
    ${X:+"XDG_RUNTIME_DIR=$X"} ${B:+"DBUS_SESSION_BUS_ADDRESS=$B"} "$@"
  group=
  if have setsid; then
    group=1
    set -- setsid "$@"
  else
    set -m
    case $- in
      *m*) group=1 ;;
    esac
  fi
  (
    umask "$mask"
    cd /
    trap - PIPE HUP
    exec <&7 >&8 2>&9 3>&- 4<&- 5<&- 6<&- 7<&- 8>&- 9>&-
    exec "$@"
  ) &
  p=$!
  exec 7<&- 8>&- 9>&-
  (
    exec </dev/null >/dev/null 3>&- 4<&- 5<&- 6<&-
    watch
  ) &
  s=$!
  wait "$p"
  c=$?
  kill "$s"
  wait "$s"
  if [ $? = 7 ]; then
    say slow
    say ""
    exit 0
  fi
  wait_for_readers
  say ran
  say "$c"
  cat <&5
  mark
  cat <&6
  mark
  exit 0
)

