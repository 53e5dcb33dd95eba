# The far side: one POSIX shell for the whole connection, which carries out one request after the
# other. Above this text stand m=, the marker that ends each part of an answer, and sudo=, which holds
# something if it works as another user than the login; and programs.sh. Everything that it runs is
# in POSIX, or there is another way where it is not.
mask=$(umask)
umask 077
set -f
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin:/usr/sbin:/sbin}
export LC_ALL PATH
unset CDPATH CLICOLOR CLICOLOR_FORCE LS_COLORS BLOCK_SIZE LS_BLOCK_SIZE BLOCKSIZE TIME_STYLE QUOTING_STYLE
# a connection that is gone is seen as an error and as the end of the input, and tidied up after
trap "" PIPE HUP
exec 3>&1 2>/dev/null

mark() { printf "\n%s;" "$m"; }
say() { printf "%s\n%s;" "$1" "$m"; }
have() { command -v "$1" >/dev/null; }

# one text that is written with octal escapes, into $v
get() {
  IFS= read -r l || exit 0
  v=$(printf "%bx" "$l")
  v=${v%x}
}

look() {
  a=$(ls -lndi "$v" 2>&1)
  c=$?
  say "$c"
  say "$a"
  [ -L "$v" ] && readlink "$v"
  mark
}

# a hash, or else a listing
digest() {
  case $h in
    sha256sum) sha256sum <"$1" ;;
    shasum) shasum -a 256 <"$1" ;;
    sha256) sha256 -q <"$1" ;;
    openssl) openssl dgst -sha256 -r <"$1" ;;
    *) ls -lndi "$1" ;;
  esac
}

# $2 paths; of the last one the content too if $3 says so
show() {
  k=$2
  while [ "$k" -gt 0 ]; do
    get
    look
    k=$((k - 1))
  done
  set -- "$3" $a
  if [ "$1" = 0 ] || [ "$c" != 0 ] || [ -L "$v" ] || [ ! -f "$v" ] || [ "$7" -gt 1048576 ]; then
    say no
    return
  fi
  say yes
  e=$(cat "$v" 2>&1 >&3)
  c=$?
  mark
  say "$c"
  say "$e"
  # between the content and its hash, so that it is the time of this content
  stat -c %Y "$v" || stat -f %m "$v"
  mark
  digest "$v"
  mark
}

alive() {
  case $(kill -0 "$1" 2>&1 && echo yes) in
    yes | *ermitted*) return 0 ;;
  esac
  return 1
}

# removes what killed runs left here: their process is gone
sweep() {
  set +f
  for x in .driftlock-*-????????????????.tmp; do
    q=${x#.driftlock-}
    q=${q%%-*}
    case $q in
      "" | *[!0-9]*) continue ;;
    esac
    if [ -d "$x" ] && [ ! -L "$x" ] && ! alive "$q"; then
      rm -f "$x/new" "$x/old" "$x/stale"
      rmdir "$x"
    fi
  done
  set -f
}

clean() {
  cd -P .. || return
  rm -f "$t/new" "$t/old" "$t/stale"
  rmdir "$t"
}

# The lock where there is no flock: a link is made whole or not at all, and says whose it is. It is
# held for no longer than a comparison and a rename, so an owner who is gone was killed just there.
lock() {
  w="$$@$(uname -n)"
  y=../.driftlock.lock
  ln -s "$w" "$y" && return
  o=$(readlink "$y") || return
  case $o in
    *"@${w#*@}") alive "${o%%@*}" && return 1 ;;
    *) return 1 ;;
  esac
  mv -f "$y" stale || return
  if [ "$(readlink stale)" != "$o" ]; then
    # somebody else was faster, and this is the lock that they hold
    ln -s "$(readlink stale)" "$y"
    return 1
  fi
  ln -s "$w" "$y"
}

lock_patiently() {
  for x in 1 2 3; do
    lock && return
    sleep 1
  done
  return 1
}

unlock() {
  [ "$(readlink "$y")" = "$w" ] && rm -f "$y"
}

# the last look and the rename
over() {
  if [ -L "../$n" ] || [ ! -f "../$n" ] || [ "$(ls -lndi "../$n")" != "$i" ] || ! cmp -s old "../$n"; then
    e=
    return 2
  fi
  e=$(mv -f new "../$n" 2>&1)
}

create() {
  if [ -L "../$n" ] || [ -e "../$n" ]; then
    e=
    return 2
  fi
  e=$(ln new "../$n" 2>&1) || return
  rm -f new
}

finish() {
  if [ "$k" = new ]; then
    create
  elif [ ! -f "../$n" ]; then
    return 2
  elif [ "$f" ]; then
    { flock -n 9 || return 3; over; } 9<"../$n"
  else
    lock_patiently || return 3
    over
    c=$?
    unlock
    return $c
  fi
}

sync_file() {
  have sync || return 0
  e=$(sync "$1" 2>&1) || e=$(sync 2>&1)
}

receive() {
  e=$( (true >new) 2>&1) || return
  g=0
  while [ "$g" -lt "$z" ]; do
    # one read each: never a byte of what follows
    e=$(dd bs=$((z - g)) count=1 2>&1 >>new) || return
    s=$(($(wc -c <new)))
    if [ "$s" -le "$g" ]; then
      e=
      return 1
    fi
    g=$s
  done
  sync_file new
}

# Replaces one file; $k is over or new. What ends with 9 leaves input behind that must not be taken
# for requests.
put() (
  get
  d=$v
  get
  n=$v
  t=.driftlock-$$-$r.tmp
  no() {
    [ "$3" ] && clean
    say "$1"
    say "$2"
    exit 0
  }
  e=$(cd -P "$d" 2>&1) && cd -P "$d" || no enter "$e"
  a=$(ls -lndi . 2>&1) || no enter "$a"
  sweep
  e=$(mkdir "$t" 2>&1) && cd -P "./$t" || no mkdir "$e"
  if [ "$k" = over ]; then
    if [ -L "../$n" ] || [ ! -f "../$n" ]; then
      no stale "" 1
    fi
    i=$(ls -lndi "../$n")
    e=$( (cat "../$n" >old) 2>&1) || no copy "$e" 1
    e=$(cp --preserve=all "../$n" new 2>&1) || e=$(rm -f new; cp -p "../$n" new 2>&1) || no copy "$e" 1
    say ready
    say "$a"
    say "$i"
    say "$(ls -lndi new)"
    cat old
    mark
  else
    say ready
    say "$a"
  fi
  IFS= read -r l || l=
  case $l in
    "data "*) z=${l#data } ;;
    drop)
      clean
      say dropped
      exit 0
      ;;
    *)
      clean
      exit 9
      ;;
  esac
  if ! receive; then
    clean
    say write
    say "$e"
    exit 9
  fi
  IFS= read -r l || l=
  if [ "$l" != "go $r" ]; then
    clean
    exit 9
  fi
  e=
  finish
  case $? in
    0) if sync_file ..; then o=done; else o=unsynced; fi ;;
    2) o=stale ;;
    3) o=locked ;;
    *) o=rename ;;
  esac
  clean
  say "$o"
  say "$e"
  exit 0
)

users() {
  cat /etc/passwd
  mark
  cat /etc/group
  mark
}

missing=
for x in cat cmp cp dd env id kill ln ls mkdir mkfifo mv printf readlink rm rmdir sleep uname wc; do
  have "$x" || missing="$missing $x"
done
h=
for x in openssl sha256 shasum sha256sum; do
  have "$x" && h=$x
done
f=
have flock && f=1
full=
dd bs=1 count=1 iflag=fullblock </dev/null && full=1
settle

mark
say "$missing"
say "$I"
say "$U"
say "$h"
say "$H"
while IFS= read -r l; do
  set -- $l
  case $1 in
    show) show "$@" ;;
    put)
      k=$2
      r=$3
      put || exit 0
      ;;
    run)
      r=$2
      n=$3
      z=$4
      w=$5
      run || exit 0
      ;;
    here) say here ;;
    users) users ;;
    *) exit 0 ;;
  esac
done
