#!/bin/sh
# Stands in for docker with its compose plugin, and for docker-compose, by name. What containers
# there are stands in $HOME/docker/inspect; up puts $HOME/docker/after in its place.
s=$HOME/docker
printf '%s %s\n' "${0##*/}" "$*" >>"$s/calls"
plugin() {
  case $1 in
  version) exit 0 ;;
  -f) shift 2 ;;
  esac
  case $1 in
  up)
    if [ -s "$s/refusal" ]; then
      cat "$s/refusal" >&2
      exit 1
    fi
    [ -e "$s/after" ] && mv "$s/after" "$s/inspect"
    exit 0
    ;;
  ps) sed -n 's/.*"Id":"\([^"]*\)".*/\1/p' "$s/inspect" ;;
  esac
  exit 0
}
case ${0##*/} in
docker-compose) plugin "$@" ;;
esac
case $1 in
compose)
  if [ -e "$s/no-plugin" ]; then
    echo "docker: 'compose' is not a docker command." >&2
    exit 1
  fi
  shift
  plugin "$@"
  ;;
inspect) printf '[%s]\n' "$(paste -s -d , "$s/inspect")" ;;
esac
