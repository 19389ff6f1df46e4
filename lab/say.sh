# say.sh - sourced: one line per piece of work with how long it took, and the folder where the lab remembers what it put here.
# It must not start or remove anything.
LAB_DIR=${CCCI_LAB_DIR:-/var/lib/ccci-lab}
LAB_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DOCKER_SOCKET=/var/run/docker.sock

# what `docker` and `curl` talk to; a local socket unless DOCKER_HOST says otherwise
case ${DOCKER_HOST:-} in unix://*) DOCKER_SOCKET=${DOCKER_HOST#unix://} ;; esac

now_ms() { date +%s%3N; }

# step TEXT COMMAND...: runs a command quietly; prints the text with its time, or the end of what it printed when it fails
step() {
  local text=$1 began log
  shift
  began=$(now_ms)
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    printf 'lab: %s (%s)\n' "$text" "$(seconds "$began")"
    rm -f "$log"
  else
    printf 'lab: %s FAILED after %s:\n' "$text" "$(seconds "$began")" >&2
    tail -n 15 "$log" | sed 's/^/  /' >&2
    rm -f "$log"
    return 1
  fi
}

seconds() { awk -v ms=$(($(now_ms) - $1)) 'BEGIN { printf "%.1f s", ms / 1000 }'; }

die() {
  printf 'lab: %s\n' "$1" >&2
  exit 1
}

# install_packages NAME...: what is missing, from the distribution; no init script may start a service meanwhile
install_packages() {
  local policy=/usr/sbin/policy-rc.d ours=0
  [ "$(id -u)" = 0 ] || die "packages are missing ($*) and only root can install them; as root: apt-get install $*"
  command -v apt-get >/dev/null || die "packages are missing ($*) and there is no apt-get; install them by hand"
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    ours=1
  fi
  local status=0
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } || status=$?
  [ $ours = 0 ] || rm -f $policy
  return $status
}
