#!/usr/bin/env bash
# registry.sh port|up|down|status - a registry on loopback that serves the lab's images under their upstream names to the
# engine that the lab started. The binary is from the distribution's package, unpacked into the lab's folder. It must not
# install a service or listen on anything but loopback.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
. "$LAB_HERE/docker.sh"
BINARY=$LAB_DIR/registry/usr/bin/docker-registry

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The port is chosen before the engine starts, because the engine is started with it, and kept while the engine runs.
choose_port() {
  local port
  port=$(cat "$LAB_DIR/registry.port" 2>/dev/null) || port=''
  if [ -n "$port" ] && { process_of registry >/dev/null || process_of engine >/dev/null || port_is_free "$port"; }; then return; fi
  mkdir -p "$LAB_DIR"
  for port in $(seq 5000 5020); do
    if port_is_free "$port"; then
      echo "$port" >"$LAB_DIR/registry.port"
      return
    fi
  done
  die "ports 5000 to 5020 are all in use; free one of them for the lab's registry"
}

fetch() {
  local folder
  folder=$(mktemp -d)
  chmod 755 "$folder"
  cd "$folder"
  apt-get download -qq docker-registry || { apt-get update -qq && apt-get download -qq docker-registry; }
  dpkg-deb -x docker-registry_*.deb "$LAB_DIR/registry"
  cd /
  rm -rf "$folder"
}

start() {
  local port
  port=$(cat "$LAB_DIR/registry.port")
  cat >"$LAB_DIR/registry.yml" <<YML
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $LAB_DIR/registry-data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
YML
  (
    close_inherited
    exec setsid nohup "$BINARY" serve "$LAB_DIR/registry.yml" >>"$LAB_DIR/registry.log" 2>&1 </dev/null
  ) &
  remember_process registry $!
  for _ in $(seq 100); do
    process_of registry >/dev/null || break
    port_is_free "$port" || return 0
    sleep 0.05
  done
  tail -n 10 "$LAB_DIR/registry.log"
  return 1
}

up() {
  if process_of registry >/dev/null; then return; fi
  # an engine that the lab did not start does not use the registry: images go into its own store
  engine_is_ours || return 0
  if [ ! -x "$BINARY" ]; then step "fetching a registry" fetch; fi
  if ! port_is_free "$(cat "$LAB_DIR/registry.port")"; then
    die "port $(cat "$LAB_DIR/registry.port") is taken, and the lab's engine expects the registry there; free it, or run: make down"
  fi
  step "starting a registry on 127.0.0.1:$(cat "$LAB_DIR/registry.port")" start
}

down() {
  if ! process_of registry >/dev/null; then return; fi
  step "stopping the lab's registry" stop_process registry 10
}

status() {
  if process_of registry >/dev/null; then echo "lab: registry on 127.0.0.1:$(cat "$LAB_DIR/registry.port")"; else echo "lab: no registry"; fi
}

case ${1:-} in
  port) choose_port ;;
  up) up ;;
  down) down ;;
  status) status ;;
  *) die "usage: registry.sh port|up|down|status" ;;
esac
