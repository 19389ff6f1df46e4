# shellcheck shell=bash
# say.sh - sourced by every script of the lab: prints one line for each step with its time, defines the folder where the lab
# records what it put on this machine, and installs packages. Sourcing it must not start or remove anything.
if [ "$(id -u)" = 0 ]; then LAB_DIR=/var/lib/ccci-lab; else LAB_DIR=${XDG_STATE_HOME:-$HOME/.local/state}/ccci-lab; fi
LAB_DIR=${CCCI_LAB_DIR:-$LAB_DIR}
# shellcheck disable=SC2034 # for the scripts that source this
LAB_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

now_ms() { date +%s%3N; }
# test_threads N: how many tests run at once: N for each core, as they wait almost as much as they compute
test_threads() { echo "${RUST_TEST_THREADS:-$(($1 * $(nproc)))}"; }
# where tests create their many small files: in memory if there is room, which makes the tests without Docker a third faster
test_dir() {
  local room
  room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)
  if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "${room:-0}" -gt 1000000 ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}
seconds() { awk -v ms=$(($(now_ms) - $1)) 'BEGIN { printf "%.1f s", ms / 1000 }'; }

die() {
  printf 'lab: %s\n' "$1" >&2
  exit 1
}

# step TEXT COMMAND...: runs the command, prints the text and the time; if it fails, also the end of its output
step() {
  local text=$1 began log
  shift
  began=$(now_ms)
  log=$(mktemp)
  # jobs that run in parallel (LAB_QUIET_START=1) print their line when they end, so that lines do not mix
  [ -n "${LAB_QUIET_START:-}" ] || printf 'lab: %s ... ' "$text"
  if "$@" >"$log" 2>&1; then
    if [ -n "${LAB_QUIET_START:-}" ]; then printf 'lab: %s ... ' "$text"; fi
    seconds "$began"
    echo
    rm -f "$log"
  else
    printf 'FAILED after %s: %s\n' "$(seconds "$began")" "$text"
    tail -n 60 "$log" | sed 's/^/  /' >&2
    rm -f "$log"
    return 1
  fi
}

# a process that keeps running must not inherit open files of the caller: a lock among them would never be released
close_inherited() {
  local fd
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
  done
}

# A process is recorded with its start time and the id of the boot, because process ids are reused and the lab must never
# stop somebody else's program.
# A zombie counts as ended: where the first process reaps no children (many containers), it stays in the process list.
lives() { [ -d "/proc/$1" ] && ! grep -qsE '^State:\s+[ZX]' "/proc/$1/status"; }
birth_of() { printf '%s %s %s' "$1" "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)" "$(cat /proc/sys/kernel/random/boot_id)"; }
remember_process() { birth_of "$2" >"$LAB_DIR/$1.process"; }
process_of() { # NAME: prints the process id if the recorded process still runs
  local known
  known=$(cat "$LAB_DIR/$1.process" 2>/dev/null) || return 1
  lives "${known%% *}" && [ "$known" = "$(birth_of "${known%% *}")" ] && echo "${known%% *}"
}
stop_process() { # NAME SECONDS
  local pid i
  pid=$(process_of "$1") || return 0
  kill "$pid"
  for ((i = 0; i < $2 * 20; i++)); do
    lives "$pid" || break
    sleep 0.05
  done
  ! lives "$pid" || { echo "process $pid does not end"; return 1; }
  rm -f "$LAB_DIR/$1.process"
}

# with_packages COMMAND|FILE=PACKAGE...: installs the missing packages in one step, and prints it
with_packages() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || [ -e "${pair%%=*}" ] || case " ${missing[*]} " in
      *" ${pair#*=} "*) ;;
      *) missing+=("${pair#*=}") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "missing: ${missing[*]}; only root can install packages. As root: apt-get install ${missing[*]}"
  command -v apt-get >/dev/null || die "missing: ${missing[*]}, and there is no apt-get here; install them by hand"
  step "installing ${missing[*]}" install_packages "${missing[@]}"
}
install_packages() {
  local policy=/usr/sbin/policy-rc.d ours='' status=0
  export DEBIAN_FRONTEND=noninteractive
  # no init script may start a service during the installation
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    ours=1
  fi
  # the package lists are fetched only if the local ones do not suffice
  apt-get install -y -qq --no-install-recommends "$@" ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } || status=$?
  [ -z "$ours" ] || rm -f $policy
  if [ $status = 0 ]; then
    mkdir -p "$LAB_DIR"
    printf '%s\n' "$@" >>"$LAB_DIR/packages"
  fi
  return $status
}
