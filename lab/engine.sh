#!/usr/bin/env bash
# engine.sh up|down - a Docker engine that is a swarm manager on loopback. Uses the one that answers as it is; starts one
# only if none does. It never reconfigures an engine that it did not start, and stops only the one it started.
set -euo pipefail
. "$(dirname "$0")/say.sh"

api() { curl -sS -m 10 --unix-socket "$DOCKER_SOCKET" "http://engine$1" 2>/dev/null; }
answers() { [ "$(api /_ping)" = OK ]; }
swarm_state() { api /info | grep -o '"LocalNodeState":"[a-z]*"' | cut -d'"' -f4; }
is_manager() { api /info | grep -q '"ControlAvailable":true'; }

# is_ours: whether the engine that runs is the one we started
is_ours() {
  local pid
  pid=$(cat "$LAB_DIR/engine.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && grep -qx dockerd "/proc/$pid/comm"
}

# Containers need cgroups; a bare machine without an init system may have mounted none.
mount_cgroups() {
  grep -q ' cgroup2\? ' /proc/mounts && return
  mkdir -p /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null && return
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  local c
  for c in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
    mkdir -p "/sys/fs/cgroup/$c"
    mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c" || rmdir "/sys/fs/cgroup/$c"
  done
}

# After SIGKILL a stale pid file keeps the engine from starting.
remove_stale_pid() {
  local file=/var/run/docker.pid pid
  pid=$(cat $file 2>/dev/null) || return 0
  [ -d "/proc/$pid" ] && grep -qx dockerd "/proc/$pid/comm" && die "an engine (process $pid) is running but does not answer on $DOCKER_SOCKET; look at its log, or stop it"
  rm -f $file
}

start_engine() {
  mount_cgroups
  remove_stale_pid
  mkdir -p "$LAB_DIR"
  # the mirror serves upstream names to this engine without any change to its configuration file
  setsid nohup dockerd -H "unix://$DOCKER_SOCKET" --pidfile /var/run/docker.pid \
    --registry-mirror "http://127.0.0.1:$(cat "$LAB_DIR/registry.port")" >>"$LAB_DIR/engine.log" 2>&1 </dev/null &
  echo $! >"$LAB_DIR/engine.pid"
  local i
  for i in $(seq 300); do
    answers && return
    is_ours || break
    sleep 0.1
  done
  tail -n 10 "$LAB_DIR/engine.log"
  return 1
}

make_manager() {
  curl -sS --fail-with-body --unix-socket "$DOCKER_SOCKET" -X POST -H 'content-type: application/json' \
    -d '{"ListenAddr":"127.0.0.1:2377","AdvertiseAddr":"127.0.0.1"}' http://engine/v1.41/swarm/init
  local i
  for i in $(seq 100); do
    is_manager && return
    sleep 0.1
  done
  return 1
}

check_manager() {
  is_manager && return
  case $(swarm_state) in
    inactive)
      is_ours || die "the engine on $DOCKER_SOCKET is no swarm manager, and ccci does not reconfigure an engine that it did not start; type: docker swarm init --listen-addr 127.0.0.1:2377 --advertise-addr 127.0.0.1"
      step "made the engine a swarm manager on loopback" make_manager
      ;;
    active) die "the engine on $DOCKER_SOCKET is a swarm worker; ccci needs a manager: set DOCKER_HOST to one, or type: docker swarm leave" ;;
    *) die "the engine's swarm state is '$(swarm_state)'; look at: docker info" ;;
  esac
}

up() {
  command -v curl >/dev/null || step "installed curl" install_packages curl ca-certificates
  case ${DOCKER_HOST:-unix://} in unix://*) ;; *) die "DOCKER_HOST is $DOCKER_HOST; the lab works with a local engine only: unset it" ;; esac
  if [ -S "$DOCKER_SOCKET" ] && [ ! -w "$DOCKER_SOCKET" ]; then
    die "no permission on $DOCKER_SOCKET; become root, or join the group that owns it: usermod -aG docker $(id -un)"
  fi
  if ! answers; then
    local missing=()
    command -v dockerd >/dev/null || missing+=(docker.io)
    command -v iptables >/dev/null || missing+=(iptables)
    command -v git >/dev/null || missing+=(git ca-certificates)
    [ ${#missing[@]} = 0 ] || step "installed ${missing[*]}" install_packages "${missing[@]}"
    [ "$(id -u)" = 0 ] || die "no engine answers on $DOCKER_SOCKET and only root can start one; as root: make lab"
    step "started an engine" start_engine
  fi
  command -v docker >/dev/null || step "installed the docker client" install_packages docker.io
  check_manager
}

down() {
  is_ours || { rm -f "$LAB_DIR/engine.pid"; return 0; }
  local pid i
  pid=$(cat "$LAB_DIR/engine.pid")
  if is_manager; then docker swarm leave --force || true; fi
  kill "$pid"
  for i in $(seq 300); do
    [ -d "/proc/$pid" ] || { rm -f "$LAB_DIR/engine.pid"; return 0; }
    sleep 0.1
  done
  return 1
}

case ${1:-} in
  up) up ;;
  down) down ;;
  ours) is_ours ;;
  *) die "usage: engine.sh up|down|ours" ;;
esac
