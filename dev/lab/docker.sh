# shellcheck shell=bash
# docker.sh - sourced: which engine is used, whether it answers, and whether the lab started it. It only reads; it must not
# start, stop or change anything.

# engine_host: the address that every docker client here would use: DOCKER_HOST, else the current context, else the socket
engine_host() {
  local host=${DOCKER_HOST:-}
  [ -n "$host" ] || host=$(docker context inspect -f '{{.Endpoints.docker.Host}}' 2>/dev/null) || true
  echo "${host:-unix:///var/run/docker.sock}"
}

# engine_version: the version, or in one line why there is none
engine_version() {
  local answer
  if answer=$(timeout 20 docker version -f '{{.Server.Version}}' 2>&1); then echo "$answer"; else
    tr -s '\n' ' ' <<<"${answer:-no answer within 20 seconds}" | sed 's/^ *//; s/ *$//'
    return 1
  fi
}
engine_answers() { engine_version >/dev/null; }
swarm_state() { docker info -f '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}' 2>/dev/null; }
swarm_id() { docker info -f '{{.Swarm.Cluster.ID}}' 2>/dev/null; }

# engine_is_ours: the lab started an engine, it still runs, and it is the one that is used
engine_is_ours() { [ "$(cat "$LAB_DIR/engine.host" 2>/dev/null)" = "$(engine_host)" ] && process_of engine >/dev/null; }
