#!/bin/sh
# In the place of driftlock on PATH: writes down what it is called with and which secrets it could see, and
# runs the binary. What the binary cannot do yet stands below.
real=REAL
calls=CALLS
comments=COMMENTS
{
  printf 'driftlock'
  for word; do printf ' [%s]' "$word"; done
  for name in DRIFTLOCK_AGE_KEY SLACK_URL RAILWAY_TOKEN RAILWAY_API_TOKEN RAILWAY_TOKEN_TWO DRIFTLOCK_CI_TOKENS \
    GITHUB_TOKEN DRIFTLOCK_GITLAB_TOKEN CI_JOB_TOKEN; do
    eval "[ -z \"\${$name:-}\" ]" || printf ' %s' "$name"
  done
  printf '\n'
} >>"$calls"

lacks() { case " STAND_INS " in *" $1 "*) ;; *) return 1 ;; esac; }

if [ "$1" = diff ] && lacks diff; then
  echo '<!-- driftlock:diff dev -->'
  echo "**Diff of $2.**"
  # as they are, which the real one would never do
  git diff --name-only -z "$2" | tr '\0' '\n'
  exit 0
fi
# where a job has no forge; a job that has one posts to it
if [ "$1" = comment ] && [ -z "${GITHUB_API_URL:-}" ] && lacks comment; then
  [ -n "${GITHUB_TOKEN:-}${DRIFTLOCK_GITLAB_TOKEN:-}" ] || exit 1
  cat "$2" >>"$comments"
  exit 0
fi
if [ "$1" = check ] && lacks reports; then
  shift
  drift=0
  reports=
  left=$#
  while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
      --report)
        reports="$reports $1"
        shift
        left=$((left - 1))
        ;;
      --drift) "$real" plan --detailed-exitcode >/dev/null || drift=$? ;;
      *) set -- "$@" "$word" ;;
    esac
  done
  code=0
  "$real" check "$@" || code=$?
  [ "$code" != 0 ] || code=$drift
  for report in $reports; do
    case $report in
      summary) echo '**Checked.**' >>"$GITHUB_STEP_SUMMARY" ;;
      annotations=*) [ "$code" = 0 ] || echo '::error title=driftlock::checked' >"${report#*=}" ;;
      junit=*) echo '<testsuites/>' >"${report#*=}" ;;
      code-quality=*) echo '[]' >"${report#*=}" ;;
    esac
  done
  exit "$code"
fi
exec "$real" "$@"
