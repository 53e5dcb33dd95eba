#!/bin/sh
# The whole story on files of a temporary folder: no account, nothing of yours is touched.
# DRIFTLOCK names the program; without it, it is built from this checkout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${DRIFTLOCK:-}" ]; then
  cargo build --quiet --locked --manifest-path "$here/../../Cargo.toml"
  DRIFTLOCK=${CARGO_TARGET_DIR:-$here/../../target}/debug/driftlock
fi
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp "$here/manifest.yaml" "$here/identity.txt" "$here/vps.env" "$here/mac-mini.env" "$stage"
chmod 600 "$stage/identity.txt"
cd "$stage"
export DRIFTLOCK_JOURNAL="$stage/journal.sqlite3" DRIFTLOCK_AGE_KEY_FILE="$stage/identity.txt"

say() { printf '\n\033[1m## %s\033[0m\n' "$*"; }
run() {
  printf '$ driftlock %s\n' "$*"
  "$DRIFTLOCK" "$@" || echo "(exit $?)"
}

say 'Two places hold what the manifest says. One apply records that, and writes nothing.'
run apply manifest.yaml --yes

say 'Somebody rotates the secret on the Mac Mini by hand, and forgets the VPS.'
printf '$ edit mac-mini.env\n'
sed 's/^INTERNAL_AUTH_SECRET=.*/INTERNAL_AUTH_SECRET=xyz789new/' mac-mini.env >edited && cat edited >mac-mini.env

say 'Meanwhile a pull request changes the log level in the manifest.'
run set LOG_LEVEL=debug --manifest manifest.yaml

say 'The plan says which side moved: a drift and two changes (exit code 2: differences).'
run plan manifest.yaml --detailed-exitcode

say 'Apply repairs both, and reads back what it wrote.'
run apply manifest.yaml --yes

say 'The next plan is empty, and what is not ours is as it was.'
run plan manifest.yaml --detailed-exitcode
grep -v '^INTERNAL_AUTH_SECRET\|^DB_PASSWORD\|^DATABASE_URL' vps.env
