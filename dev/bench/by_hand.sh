#!/usr/bin/env bash
# by_hand.sh REPOSITORY BASE - the lifecycle of custom-html by hand, as the lower bound for `ccci run`: deploy, poll in a tight
# loop, write pages, upgrade, archive, damage, restore, read back, remove, and check that nothing is left. It has no verdict, no
# explanations and no record. It must not change anything but its own stack.
set -euo pipefail
repository=$1 base=$2
stack=hand-$$
socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
socket=${socket#unix://}
files=$(mktemp -d)
export STACK_NAME=$stack DOMAIN=$stack.ccci.test LETS_ENCRYPT_ENV=production EXTRA_DOMAINS=''

engine() { curl -sS --unix-socket "$socket" "$@"; }
ask() { engine -G "http://engine/v1.41/$1" --data-urlencode "filters={\"$2\":[\"$3\"]}"; }
labelled() { ask "$1" label "com.docker.stack.namespace=$stack"; }

remove() {
  local container left
  docker service rm "${stack}_app" >/dev/null 2>&1 || true
  for _ in $(seq 3000); do
    for container in $(docker ps -aq --filter "label=com.docker.stack.namespace=$stack"); do docker rm -fv "$container" >/dev/null 2>&1 || true; done
    docker config ls -q --filter "label=com.docker.stack.namespace=$stack" | xargs -r docker config rm >/dev/null 2>&1 || true
    docker volume ls -q --filter "label=com.docker.stack.namespace=$stack" | xargs -r docker volume rm >/dev/null 2>&1 || true
    [ -z "${made_proxy:-}" ] || docker network rm proxy >/dev/null 2>&1 || true
    left=$(docker ps -aq --filter "label=com.docker.stack.namespace=$stack")$(docker volume ls -q --filter "label=com.docker.stack.namespace=$stack")
    [ -z "${made_proxy:-}" ] || left=$left$(docker network ls -q --filter name='^proxy$')
    [ -n "$left" ] || break
  done
  rm -rf "$files"
  [ -z "$left" ]
}
trap remove EXIT

deploy() { # FOLDER: without virtual IPs, as the lab's engine needs it
  export DEFAULT_CONF_VERSION
  DEFAULT_CONF_VERSION=$(sed -n 's/^export DEFAULT_CONF_VERSION=//p' "$1/abra.sh")
  printf 'version: "3.8"\nservices: {app: {deploy: {endpoint_mode: dnsrr}}}\n' >"$1/dnsrr.yml"
  (cd "$1" && docker stack deploy --detach=true --resolve-image never -c compose.yml -c dnsrr.yml "$stack" >/dev/null)
}
container() { docker ps -q --filter "label=com.docker.swarm.service.name=${stack}_app" --filter health=healthy; }
in_app() { docker exec "$app" sh -c "$1"; }
page() { curl -fsS "http://$address/$1"; }
running() { # STATE OF THE UPDATE: polls until one task runs (and is healthy) and the update has this state
  local service
  for _ in $(seq 12000); do
    service=$(ask services name "${stack}_app")
    if [ -z "$1" ] || [[ $service == *"\"State\":\"$1\""* ]]; then
      if [[ $(ask tasks service "${stack}_app") == *'"State":"running"'* ]]; then
        app=$(container)
        [ -z "$app" ] || break
      fi
    fi
  done
  address=$(docker network inspect docker_gwbridge -f "{{range \$id, \$c := .Containers}}{{if eq \$id \"$(docker inspect -f '{{.Id}}' "$app")\"}}{{\$c.IPv4Address}}{{end}}{{end}}")
  address=${address%/*}
}

mkdir "$files/base" "$files/head"
git -C "$repository" archive "$base" | tar -x -C "$files/base"
git -C "$repository" archive HEAD | tar -x -C "$files/head"
if docker network create --driver overlay --attachable proxy >/dev/null 2>&1; then made_proxy=1; fi
deploy "$files/base"
running ''
in_app 'echo first > /usr/share/nginx/html/index.html'
page '' | grep -q first
in_app 'echo kept > /usr/share/nginx/html/kept.html'
deploy "$files/head"
running completed
page kept.html | grep -q kept
in_app 'echo planted > /usr/share/nginx/html/planted.html'
engine -o "$files/content.tar" "http://engine/v1.41/containers/$app/archive?path=/usr/share/nginx/html"
in_app 'echo spoilt > /usr/share/nginx/html/planted.html; echo later > /usr/share/nginx/html/later.html'
page planted.html | grep -q spoilt
in_app 'rm -rf /usr/share/nginx/html/*'
engine -X PUT --data-binary "@$files/content.tar" -H 'Content-Type: application/x-tar' "http://engine/v1.41/containers/$app/archive?path=/usr/share/nginx"
page planted.html | grep -q planted
if page later.html >/dev/null 2>&1; then exit 1; fi
