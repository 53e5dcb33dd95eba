#!/bin/sh
# Prints one value of a manifest without driftlock: with sed, base64 and age.
#
#   recover.sh MANIFEST VARIABLE KEYFILE
#
# The header below `age: |` and the payload of one variable are an ordinary age file. The first line
# of what age prints says which value it is; the rest is the value.
set -eu
{
  sed -n '/^age: |/,/^ *---/ { /^age:/d; s/^ *//; p; }' "$1"
  sed -n "/^ *$2:/,/^\$/ s/.*age: \"*[0-9a-f]*\\.\([A-Za-z0-9+\/=]*\).*/\1/p" "$1" | sed 1q | base64 -d
} | age -d -i "$3" | {
  IFS= read -r first || :
  case $first in
    "driftlock/1 "*" $2 "*) cat ;;
    *) echo "recover: $2 did not open in $1" >&2; exit 1 ;;
  esac
}
