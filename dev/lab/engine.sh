#!/usr/bin/env bash
# engine.sh up|down|status|restart - a Docker engine that is a swarm manager on loopback. It uses the engine that answers, without
# changes, and starts one only if none does. It must not reconfigure or stop an engine that it did not start, or leave a swarm
# that it did not make.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
. "$LAB_HERE/docker.sh"
PID_FILE=/var/run/docker.pid

# Containers need cgroups, which may not be mounted on a machine without an init system.
mount_cgroups() {
  if grep -q ' cgroup2\? ' /proc/mounts; then return; fi
  mkdir -p /sys/fs/cgroup
  if mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; then
    echo /sys/fs/cgroup >>"$LAB_DIR/mounts"
    return
  fi
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  echo /sys/fs/cgroup >>"$LAB_DIR/mounts"
  local controller
  while read -r controller; do
    mkdir -p "/sys/fs/cgroup/$controller"
    if mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"; then
      echo "/sys/fs/cgroup/$controller" >>"$LAB_DIR/mounts"
    fi
  done < <(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups)
}
unmount_cgroups() {
  local mounted
  while read -r mounted; do umount "$mounted" || true; done < <(tac "$LAB_DIR/mounts" 2>/dev/null)
  rm -f "$LAB_DIR/mounts"
}

# After SIGKILL the pid files of the engine and its containerd remain and prevent the next ones from starting.
remove_stale_pid_files() {
  local file pid
  pid=$(cat "$PID_FILE" 2>/dev/null) || pid=none
  if lives "$pid" && grep -qsx dockerd "/proc/$pid/comm"; then
    die "an engine runs here (process $pid) but does not answer on $(engine_host). If it is just starting, try again; otherwise read its log, or set DOCKER_HOST to its address"
  fi
  rm -f "$PID_FILE"
  file=/var/run/docker/containerd/containerd.pid
  pid=$(cat $file 2>/dev/null) || pid=none
  if ! lives "$pid" || ! grep -qsx containerd "/proc/$pid/comm"; then rm -f $file; fi
}

# A killed engine may leave the interface of an overlay network; no task can join that network until the interface is removed.
remove_stale_interfaces() {
  local link
  command -v ip >/dev/null || return 0
  for link in $(ip -o link show type vxlan | sed -nE 's/^[0-9]+: (vx-[0-9a-f]{6}-[a-z0-9]{5})[:@].*/\1/p'); do
    ip link delete "$link" || true
  done
}

start_engine() {
  local host options=()
  remove_stale_interfaces
  host=$(engine_host)
  mount_cgroups
  # dockerd refuses to start if an option is also in its configuration file; the owner's configuration is kept
  configured() { grep -qs "\"$1\"" /etc/docker/daemon.json; }
  configured hosts || options+=(-H "$host")
  configured pidfile || options+=(--pidfile "$PID_FILE")
  # the mirror serves images under upstream names to this engine without changes in /etc/docker
  configured registry-mirrors || options+=(--registry-mirror "http://127.0.0.1:$(cat "$LAB_DIR/registry.port")")
  (
    close_inherited
    exec setsid nohup dockerd "${options[@]}" >>"$LAB_DIR/engine.log" 2>&1 </dev/null
  ) &
  remember_process engine $!
  echo "$host" >"$LAB_DIR/engine.host"
  for _ in $(seq 600); do
    engine_answers && return
    process_of engine >/dev/null || break
    sleep 0.1
  done
  tail -n 15 "$LAB_DIR/engine.log"
  return 1
}

# installs everything that our engine and its images need, in one step
install_engine() {
  local needed=(docker=docker.io dockerd=docker.io iptables=iptables git=git curl=curl mmdebstrap=mmdebstrap)
  needed+=(update-ca-certificates=ca-certificates)
  if grep -qsx Y /sys/module/apparmor/parameters/enabled; then needed+=(apparmor_parser=apparmor); fi
  with_packages "${needed[@]}"
}

start_if_possible() {
  local host
  host=$(engine_host)
  case $1 in *"permission denied"*)
    die "no permission on $host; become root, or join the group that owns it: usermod -aG docker $(id -un), then log in again" ;;
  esac
  case $host in unix://*) ;; *) die "no engine answers on $host ($1); start it, or unset DOCKER_HOST (or: docker context use default) to have one started here" ;; esac
  [ "$(id -u)" = 0 ] || die "no engine answers on $host and only root can start one; as root: make lab"
  remove_stale_pid_files
  install_engine
  mkdir -p "$LAB_DIR"
  bash "$LAB_HERE/registry.sh" port
  step "starting an engine" start_engine
}

make_manager() {
  docker swarm init --listen-addr 127.0.0.1:2377 --advertise-addr 127.0.0.1
  swarm_id >"$LAB_DIR/swarm.made"
}

require_manager() {
  local state command='docker swarm init --listen-addr 127.0.0.1:2377 --advertise-addr 127.0.0.1'
  # the state of an engine that has just started is "pending" until its swarm is ready
  for _ in $(seq 50); do
    state=$(swarm_state)
    case $state in pending*) sleep 0.1 ;; *) break ;; esac
  done
  case $state in
    "active true") ;;
    "inactive "*)
      engine_is_ours || die "the engine on $(engine_host) is not a swarm manager, and the lab does not reconfigure an engine that it did not start. Run: $command"
      step "making the engine a swarm manager on loopback" make_manager
      ;;
    "active false") die "the engine on $(engine_host) is a swarm worker, and ccci needs a manager; set DOCKER_HOST to a manager, or run: docker swarm leave && $command" ;;
    "locked "*) die "the swarm of the engine on $(engine_host) is locked; run: docker swarm unlock" ;;
    *) die "the engine on $(engine_host) cannot be used: its swarm state is '$state'; see: docker info" ;;
  esac
}

up() {
  local began answer whose=''
  began=$(now_ms)
  if ! command -v docker >/dev/null; then
    # the version needs a client; without a socket there is no engine either
    if [ -z "${DOCKER_HOST:-}" ] && [ ! -S /var/run/docker.sock ]; then install_engine; else with_packages docker=docker.io; fi
  fi
  answer=$(engine_version) || start_if_possible "$answer"
  require_manager
  if engine_is_ours; then whose=', started by the lab'; else whose=', not started by the lab and used as it is'; fi
  printf 'lab: engine %s on %s is a swarm manager%s (%s)\n' "$(engine_version)" "$(engine_host)" "$whose" "$(seconds "$began")"
}

leave_swarm() { timeout 60 docker swarm leave --force; }

down() {
  DOCKER_HOST=$(cat "$LAB_DIR/engine.host" 2>/dev/null) || DOCKER_HOST=''
  export DOCKER_HOST
  # after a reboot the same swarm may exist in an engine that the machine itself started
  if [ -s "$LAB_DIR/swarm.made" ] && [ "$(swarm_id)" = "$(cat "$LAB_DIR/swarm.made")" ]; then
    step "leaving the swarm that the lab made" leave_swarm
  fi
  if process_of engine >/dev/null; then
    step "stopping the engine that the lab started" stop_process engine 60
    unmount_cgroups
  else
    echo "lab: no engine of the lab runs; nothing to stop"
  fi
  rm -f "$LAB_DIR"/engine.process "$LAB_DIR"/engine.host "$LAB_DIR"/swarm.made
}

status() {
  local version state
  if ! version=$(engine_version); then
    printf 'lab: no engine on %s: %s\n' "$(engine_host)" "$version"
    return 1
  fi
  state=$(swarm_state)
  printf 'lab: engine %s on %s, swarm %s, manager %s, %s\n' "$version" "$(engine_host)" "${state% *}" "${state#* }" \
    "$(if engine_is_ours; then echo "started by the lab"; else echo "not started by the lab"; fi)"
  [ "$state" = "active true" ]
}

# Kills the engine without warning, as in a crash or a power cut, and starts it again. For tests of what must survive that.
restart() {
  local pid i
  pid=$(process_of engine) || die "no engine of the lab is running, and the lab does not kill other engines"
  kill -KILL "$pid"
  for ((i = 0; i < 200; i++)); do
    lives "$pid" || break
    sleep 0.05
  done
  up
}

case ${1:-} in
  restart) restart ;;
  up) up ;;
  down) down ;;
  status) status ;;
  *) die "usage: engine.sh up|down|status|restart" ;;
esac
