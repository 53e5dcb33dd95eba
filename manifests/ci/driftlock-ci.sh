#!/bin/sh
# driftlock in any CI, in POSIX sh. Needs git, and driftlock (or a Rust to build it with).
#
#   sh driftlock-ci.sh review    of a pull request: check and diff, without identity or token
#   sh driftlock-ci.sh comment   what review found, as a comment on GitHub or GitLab
#   sh driftlock-ci.sh plan      of the protected branch: what apply would do, kept under an id
#   sh driftlock-ci.sh apply     after an approval: the plan with that id, and nothing else
#   sh driftlock-ci.sh check     on a schedule: every finding, and drift
#   sh driftlock-ci.sh reconcile on a schedule: looks once, and tells whom alerts.yaml names
#   sh driftlock-ci.sh install   builds driftlock where PATH has none
#
# Ends with driftlock's exit code; plan ends with 0 where there is something to do.
#
#   DRIFTLOCK_CI_MANIFESTS   manifests, or folders of them, one a line [default: the folder manifests]
#   DRIFTLOCK_CI_ARGUMENTS   review, plan, reconcile: more arguments of that command, one a line; check: the
#                            arguments in the place of --drift, --strict and --require-identity
#   DRIFTLOCK_CI_FOLDER      where report.md, plan.json and plan.env go [default: driftlock-ci]
#   DRIFTLOCK_CI_BASE        review: the branch or commit that the change goes into, if no CI says it
#   DRIFTLOCK_CI_REPORTS     review, check: reports for `driftlock check --report`, one a line
#   DRIFTLOCK_CI_ID          apply: the id that was approved, as plan.env has it
#   DRIFTLOCK_CI_ALERTS      reconcile: the text of alerts.yaml, or where it lies: not in the checkout
#   DRIFTLOCK_MACHINE        reconcile: who looks, the same in each run [default: the host name; github on its runners]
#   DRIFTLOCK_CI_ALERT_SECRETS  reconcile: what it names, SLACK_…=VALUE or ALERTS_…=VALUE, one a line
#   DRIFTLOCK_CI_TOKENS      plan, apply, check, reconcile: further tokens of Railway, NAME=VALUE, one a line
#   DRIFTLOCK_CI_SSH_KEY     plan, apply, check, reconcile: a private key for hosts, without a passphrase, and
#   DRIFTLOCK_CI_KNOWN_HOSTS their host keys, as in ~/.ssh/known_hosts
#   DRIFTLOCK_CI_SOURCE      install: driftlock's source, or one commit of its repository:
#   DRIFTLOCK_REPOSITORY, DRIFTLOCK_REVISION
#   DRIFTLOCK_CI_ROOT        the folder that gets, or has, bin/driftlock
# shellcheck disable=SC2086

# All in a subshell, so that settings and secrets stay in it. Nothing here relies on `set -e`, which
# a shell leaves out of account where somebody writes `driftlock_ci review || …`.
driftlock_ci() (
  set -fu
  # lists have one entry a line, and nothing in them is a pattern
  IFS='
'
  command=${1-}
  root=${DRIFTLOCK_CI_ROOT:-${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}/driftlock-ci/${DRIFTLOCK_REVISION:-any}}
  PATH=$root/bin:$PATH
  folder=${DRIFTLOCK_CI_FOLDER:-driftlock-ci}
  report=$folder/report.md
  saved=$folder/plan.json
  code=0

  say() { printf '%s\n' "driftlock-ci: $*" >&2; }
  error() {
    if [ -n "${GITHUB_ACTIONS:-}" ]; then
      printf '::error title=driftlock::%s\n' "$(printf '%s' "$*" | sed 's/%/%25/g')" >&2
    else
      say "$*"
    fi
  }
  fail() {
    error "$2"
    exit "$1"
  }

  # The worse of two exit codes, in the order 4, 1, 3, 2, 0; what is none of them is worst.
  worse() {
    for best in 0 2 3 1; do
      [ "$1" != "$best" ] || { echo "$2" && return; }
      [ "$2" != "$best" ] || { echo "$1" && return; }
    done
    echo "$1"
  }

  # GitHub's runner obeys lines of a log. What driftlock shows comes from manifests and platforms, and
  # must not be one of those.
  ending=
  mute() {
    [ -n "${GITHUB_ACTIONS:-}" ] || return 0
    ending=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$ending"
  }
  unmute() {
    [ -z "$ending" ] || echo "::$ending::"
    ending=
  }

  # For the steps that follow on GitHub.
  output() { [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }
  publish() {
    [ -s "$report" ] || return 0
    output report "$report"
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
      # a list may stand before it, which a blank line ends
      { echo && cat "$report" && echo; } >>"$GITHUB_STEP_SUMMARY"
    else
      cat "$report"
    fi
  }

  # Nothing is written through a link that a checkout brought along under our names.
  prepare() {
    [ ! -L "$folder" ] || fail 1 "$folder is a link, and must be a folder"
    mkdir -p -- "$folder" || fail 1 "cannot make the folder $folder"
    for name in "$@"; do
      rm -f -- "$folder/$name" || fail 1 "$folder/$name is in the way"
    done
  }

  # Whoever opens a pull request decides what its jobs run, so these hold nothing worth taking.
  refuse_secrets() {
    named=$(env | sed -n 's/^\(RAILWAY_[A-Z0-9_]*TOKEN[A-Z0-9_]*\)=..*/\1/p')
    for name in $named DRIFTLOCK_AGE_KEY DRIFTLOCK_AGE_KEY_FILE DRIFTLOCK_CI_TOKENS \
      DRIFTLOCK_CI_ALERT_SECRETS DRIFTLOCK_CI_SSH_KEY SOPS_AGE_KEY SOPS_AGE_KEY_FILE SOPS_AGE_SSH_PRIVATE_KEY_FILE; do
      eval "[ -z \"\${$name:-}\" ]" ||
        fail 3 "$name is set in a job for pull requests, whose authors can read it: protect it"
    done
    unset DRIFTLOCK_GITLAB_TOKEN GITLAB_TOKEN GITHUB_TOKEN GH_TOKEN CI_JOB_TOKEN
  }
  refuse_pull_request() {
    request=${CI_MERGE_REQUEST_IID:-}${CHANGE_ID:-}
    case ${GITHUB_EVENT_NAME:-} in pull_request*) request=yes ;; esac
    [ "${BUILDKITE_PULL_REQUEST:-false}" = false ] || request=yes
    [ -z "$request" ] ||
      fail 3 "$command is for protected branches, and this job runs for a pull request"
  }

  # GitHub hides a secret as it is kept, which is not yet a part of its line.
  take() {
    [ -z "${GITHUB_ACTIONS:-}" ] ||
      printf '::add-mask::%s\n' "$(printf '%s' "$2" | sed 's/%/%25/g')"
    export "$1=$2"
  }

  # Tokens under names of their own, and under no others: PATH would be code.
  tokens() {
    count=0
    for entry in ${DRIFTLOCK_CI_TOKENS:-}; do
      count=$((count + 1))
      name=${entry%%=*}
      value=${entry#*=}
      value=${value%"$(printf '\r')"}
      case $entry in RAILWAY_*TOKEN*=*) ;; *) name= ;; esac
      case $name in *TOKEN*) ;; *) name= ;; esac
      case $name in *[!A-Z0-9_]*) name= ;; esac
      if [ -z "$name" ] || [ -z "$value" ]; then
        fail 64 "entry $count of DRIFTLOCK_CI_TOKENS is not a line RAILWAY_…TOKEN…=VALUE"
      fi
      take "$name" "$value"
    done
    unset DRIFTLOCK_CI_TOKENS value entry
  }

  # What alerts.yaml names, in the same way.
  alert_secrets() {
    count=0
    for entry in ${DRIFTLOCK_CI_ALERT_SECRETS:-}; do
      count=$((count + 1))
      name=${entry%%=*}
      value=${entry#*=}
      value=${value%"$(printf '\r')"}
      case $entry in SLACK_*=* | ALERTS_*=*) ;; *) name= ;; esac
      case $name in *[!A-Z0-9_]*) name= ;; esac
      if [ -z "$name" ] || [ -z "$value" ]; then
        fail 64 "entry $count of DRIFTLOCK_CI_ALERT_SECRETS is not a line SLACK_…=VALUE or ALERTS_…=VALUE"
      fi
      take "$name" "$value"
    done
    unset DRIFTLOCK_CI_ALERT_SECRETS value entry
  }

  # Whom to tell is kept with the secrets: whoever may edit a manifest may not edit that.
  whom=
  alerts() {
    case ${DRIFTLOCK_CI_ALERTS:-} in
      '') return 0 ;;
      *driftlock-alerts:*)
        whom=$(mktemp -d) || fail 1 "cannot make a folder for the text of alerts.yaml"
        printf '%s\n' "$DRIFTLOCK_CI_ALERTS" | tr -d '\r' >"$whom/alerts.yaml" ||
          fail 1 "cannot write the text of alerts.yaml"
        DRIFTLOCK_CI_ALERTS=$whom/alerts.yaml
        ;;
    esac
  }

  # A key goes into an agent that ends with us, and never to the disk. Hosts are those that are known.
  agent=
  agent() {
    [ -n "${DRIFTLOCK_CI_SSH_KEY:-}" ] || return 0
    case $folder in /*) at=$folder ;; *) at=$PWD/$folder ;; esac
    prepare known_hosts ssh_config
    printf '%s\n' "${DRIFTLOCK_CI_KNOWN_HOSTS:-}" >"$folder/known_hosts"
    printf '%s\n' "UserKnownHostsFile \"$at/known_hosts\"" 'StrictHostKeyChecking yes' \
      >"$folder/ssh_config"
    agent=$(ssh-agent -s) || fail 1 "there is no ssh-agent to give DRIFTLOCK_CI_SSH_KEY to"
    eval "$agent" >/dev/null
    printf '%s\n' "$DRIFTLOCK_CI_SSH_KEY" | tr -d '\r' | ssh-add -q -t 7200 - 2>/dev/null ||
      fail 64 "DRIFTLOCK_CI_SSH_KEY is not a private key, or has a passphrase"
    unset DRIFTLOCK_CI_SSH_KEY
    export DRIFTLOCK_SSH_CONFIG="$at/ssh_config"
  }

  base() {
    base=${DRIFTLOCK_CI_BASE:-}
    for branch in "${GITHUB_BASE_REF:-}" "${CHANGE_TARGET:-}" "${BUILDKITE_PULL_REQUEST_BASE_BRANCH:-}"; do
      [ -n "$base" ] || [ -z "$branch" ] || base=refs/remotes/origin/$branch
    done
    # of a merged result the target's tip, else where the branches part
    base=${base:-${CI_MERGE_REQUEST_TARGET_BRANCH_SHA:-${CI_MERGE_REQUEST_DIFF_BASE_SHA:-}}}
    case $base in
      '') fail 64 "into what does the change go? Set DRIFTLOCK_CI_BASE" ;;
      -*) fail 64 "DRIFTLOCK_CI_BASE is no branch or commit" ;;
    esac
    git rev-parse --quiet --verify "$base^{commit}" ||
      fail 1 "$base is not in this clone: fetch all of its history (fetch-depth: 0, GIT_DEPTH: 0)"
  }

  # driftlock check, with the reports that this CI can show.
  findings() {
    reports=${DRIFTLOCK_CI_REPORTS:-}
    if [ -z "$reports" ] && [ -n "${GITHUB_ACTIONS:-}" ]; then
      reports="annotations=$folder/annotations${IFS}summary"
    elif [ -z "$reports" ]; then
      reports="junit=$folder/junit.xml"
      [ -z "${GITLAB_CI:-}" ] || reports="$reports${IFS}code-quality=$folder/code-quality.json"
    fi
    for entry in $reports; do
      set -- "$@" --report "$entry"
    done
    mute
    driftlock check "$@" -- ${DRIFTLOCK_CI_MANIFESTS:-} || code=$?
    unmute
    [ ! -s "$folder/annotations" ] || cat "$folder/annotations"
  }

  review() {
    refuse_secrets
    prepare report.md annotations junit.xml code-quality.json
    commit=$(base) || exit "$?"
    findings ${DRIFTLOCK_CI_ARGUMENTS:-}
    mute
    driftlock diff "$commit...HEAD" --markdown -- ${DRIFTLOCK_CI_MANIFESTS:-} >"$report" ||
      code=$(worse "$code" "$?")
    unmute
    publish
  }

  comment() {
    [ -s "$report" ] || fail 1 "there is no $report: run review first"
    # of a fork nothing can be posted, and the text goes to the summary, where review has put it
    [ -z "${GITHUB_STEP_SUMMARY:-}" ] || export GITHUB_STEP_SUMMARY=/dev/null
    mute
    driftlock comment "$report" || code=$?
    unmute
  }

  plan() {
    refuse_pull_request
    tokens
    agent
    prepare report.md plan.json plan.env
    mute
    driftlock plan --markdown --detailed-exitcode --out "$saved" ${DRIFTLOCK_CI_ARGUMENTS:-} \
      -- ${DRIFTLOCK_CI_MANIFESTS:-} >"$report" || code=$?
    unmute
    output exit-code "$code"
    publish
    case $code in
      0) changes=no ;;
      2) changes=yes ;;
      *) fail "$code" "there is no plan to approve: driftlock plan ended with $code" ;;
    esac
    id=$(sed -n 's/^  "id": "\([0-9a-f]\{12,\}\)",\{0,1\}$/\1/p' "$saved")
    [ -n "$id" ] || fail 1 "$saved names no id"
    output plan-id "$id"
    printf '%s\n' "DRIFTLOCK_CI_ID=$id" "DRIFTLOCK_CI_CHANGES=$changes" >"$folder/plan.env"
    code=0
  }

  apply() {
    refuse_pull_request
    id=${DRIFTLOCK_CI_ID:-}
    [ -n "$id" ] || fail 64 "which plan was approved? Set DRIFTLOCK_CI_ID"
    if [ "${DRIFTLOCK_CI_CHANGES:-yes}" = no ]; then
      say "the plan changes nothing"
      return
    fi
    tokens
    agent
    prepare report.md
    mute
    driftlock apply "$saved" --id "$id" --lock-timeout 10m || code=$?
    case $code in 3 | 4) again ;; esac
    unmute
    if [ "$code" = 0 ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
      echo "**Applied** the plan \`$id\`." >>"$GITHUB_STEP_SUMMARY"
    fi
  }

  # Not all that was approved was still to be had: what there would be to approve now.
  again() {
    driftlock plan --markdown ${DRIFTLOCK_CI_ARGUMENTS:-} -- ${DRIFTLOCK_CI_MANIFESTS:-} >"$report" || :
    unmute
    publish
    if [ "$code" = 3 ]; then
      error "nothing was applied, for the reason above. Here is a new plan: approve that one"
    else
      error "the approved plan was applied in part. Here is a plan of the rest: approve that one"
    fi
  }

  check() {
    refuse_pull_request
    tokens
    agent
    prepare annotations junit.xml code-quality.json
    if [ -n "${DRIFTLOCK_CI_ARGUMENTS:-}" ]; then
      findings $DRIFTLOCK_CI_ARGUMENTS
    else
      findings --drift --strict --require-identity
    fi
  }

  # What differs was told as alerts, and is no failure of the job.
  reconcile() {
    refuse_pull_request
    tokens
    alert_secrets
    alerts
    agent
    [ -z "${DRIFTLOCK_CI_ALERTS:-}" ] || set -- --alerts "$DRIFTLOCK_CI_ALERTS"
    # these have another name each time, and what one could not read is over for who told it
    [ "${RUNNER_ENVIRONMENT:-}" != github-hosted ] || export DRIFTLOCK_MACHINE="${DRIFTLOCK_MACHINE:-github}"
    mute
    driftlock reconcile --once "$@" ${DRIFTLOCK_CI_ARGUMENTS:-} -- ${DRIFTLOCK_CI_MANIFESTS:-} || code=$?
    unmute
    [ "$code" != 2 ] || code=0
  }

  install() {
    if [ -n "${DRIFTLOCK_CI_SOURCE:-}" ]; then
      version=$(sed -n '/^version = /{s/^version = "\(.*\)"$/driftlock \1/p;q;}' "$DRIFTLOCK_CI_SOURCE/Cargo.toml")
      set -- "$DRIFTLOCK_CI_SOURCE" --path .
    else
      version=
      set -- / --git "${DRIFTLOCK_REPOSITORY:-}" --rev "${DRIFTLOCK_REVISION:-}"
    fi
    if command -v driftlock >/dev/null; then
      here=$(driftlock --version)
      if [ "${version:-$here}" = "$here" ]; then
        say "$here is there"
        return
      fi
    fi
    case $3 in '') fail 1 "there is no driftlock: use an image that has it, or set DRIFTLOCK_REPOSITORY" ;; esac
    case ${5-0} in
      '' | *[!0-9a-f]*) fail 64 "DRIFTLOCK_REVISION is not the id of a commit: a name can move" ;;
    esac
    command -v cargo >/dev/null || fail 1 "there is neither driftlock nor a cargo to build it with"
    # cargo and rustup look for settings in the folder that they run in: never in a checkout
    cd -- "$1" || fail 1 "there is no folder $1"
    shift
    cargo install --locked --root "$root" "$@" || fail 1 "driftlock could not be built"
  }

  # one stream, so that what is muted stays between its marks
  [ -z "${GITHUB_ACTIONS:-}" ] || exec 2>&1
  trap '[ -z "$agent" ] || ssh-agent -k >/dev/null 2>&1; [ -z "$whom" ] || rm -rf -- "$whom"; unmute' EXIT
  case $command in
    review) review ;;
    comment) comment ;;
    plan) plan ;;
    apply) apply ;;
    check) check ;;
    reconcile) reconcile ;;
    install) install ;;
    *) fail 64 "say one of: review, comment, plan, apply, check, reconcile, install" ;;
  esac
  [ "$command" = plan ] || output exit-code "$code"
  exit "$code"
)

driftlock_ci "$@"
