#!/usr/bin/env bash
# registry.sh port|up|down - a registry on loopback that serves the lab's images under their upstream names. The binary comes
# from the distribution's package, unpacked into the lab's folder; no service is installed.
set -euo pipefail
. "$(dirname "$0")/say.sh"

is_running() {
  local pid
  pid=$(cat "$LAB_DIR/registry.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && grep -q docker-registry "/proc/$pid/comm"
}
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# the port is chosen once, because the engine is started with it
port() {
  [ -s "$LAB_DIR/registry.port" ] && return
  mkdir -p "$LAB_DIR"
  local p
  for p in 5000 5001 5002 5003 5004 5005; do
    if port_is_free $p; then
      echo $p >"$LAB_DIR/registry.port"
      return
    fi
  done
  die "ports 5000 to 5005 are all in use; free one for the lab's registry"
}

fetch() {
  local folder
  folder=$(mktemp -d)
  apt-get update -qq
  (cd "$folder" && apt-get download -qq docker-registry)
  dpkg-deb -x "$folder"/docker-registry_*.deb "$LAB_DIR/registry"
  rm -rf "$folder"
}

start() {
  cat >"$LAB_DIR/registry.yml" <<Y
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $LAB_DIR/registry-data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$(cat "$LAB_DIR/registry.port")"}
Y
  setsid nohup "$LAB_DIR/registry/usr/bin/docker-registry" serve "$LAB_DIR/registry.yml" >>"$LAB_DIR/registry.log" 2>&1 </dev/null &
  echo $! >"$LAB_DIR/registry.pid"
  local i
  for i in $(seq 50); do
    port_is_free "$(cat "$LAB_DIR/registry.port")" || return 0
    sleep 0.1
  done
  tail -n 10 "$LAB_DIR/registry.log"
  return 1
}

up() {
  is_running && return
  [ -x "$LAB_DIR/registry/usr/bin/docker-registry" ] || step "fetched a registry" fetch
  step "started the registry on 127.0.0.1:$(cat "$LAB_DIR/registry.port")" start
}

down() {
  is_running && kill "$(cat "$LAB_DIR/registry.pid")"
  rm -f "$LAB_DIR/registry.pid"
}

case ${1:-} in
  port) port ;;
  up) up ;;
  down) down ;;
  *) die "usage: registry.sh port|up|down" ;;
esac
