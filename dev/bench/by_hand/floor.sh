# floor.sh REPOSITORY BASE - what the lifecycles by hand share; they are the lower bound for `ccci run`: deploy, poll in a tight loop,
# write, upgrade, archive, damage, restore, read back, remove, and check that nothing is left. They have no verdict, no
# explanations and no record. They must not change anything but their own stack. Sourced with the services in `services`.
set -euo pipefail
repository=$1 base=$2
stack=hand-$$
socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
socket=${socket#unix://}
files=$(mktemp -d)
export STACK_NAME=$stack DOMAIN=$stack.ccci.test LETS_ENCRYPT_ENV=production EXTRA_DOMAINS=''

engine() { curl -sS --unix-socket "$socket" "$@"; }
ask() { engine -G "http://engine/v1.41/$1" --data-urlencode "filters={\"$2\":[\"$3\"]}"; }
own() { docker "$1" ls -q --filter "label=com.docker.stack.namespace=$stack"; }
containers() { docker ps -aq --filter "label=com.docker.stack.namespace=$stack"; }

remove() {
  local id kind left
  own service | xargs -r docker service rm >/dev/null 2>&1 || true
  for _ in $(seq 3000); do
    for id in $(containers); do docker rm -fv "$id" >/dev/null 2>&1 || true; done
    for kind in config secret volume network; do own "$kind" | xargs -r docker "$kind" rm >/dev/null 2>&1 || true; done
    [ -z "${made_proxy:-}" ] || docker network rm proxy >/dev/null 2>&1 || true
    left=$(containers)$(own volume)$(own network)$(own secret)
    [ -z "${made_proxy:-}" ] || left=$left$(docker network ls -q --filter name='^proxy$')
    [ -n "$left" ] || break
  done
  rm -rf "$files"
  [ -z "$left" ]
}
trap remove EXIT

secret() { # NAME: as abra makes it, under the stack's name
  head -c 18 /dev/urandom | base64 | docker secret create --label "com.docker.stack.namespace=$stack" "${stack}_$1" - >/dev/null
}

deploy() { # FOLDER: without virtual IPs, as the lab's engine needs it
  local service
  {
    printf 'version: "3.8"\nservices:\n'
    for service in $services; do printf '  %s: {deploy: {endpoint_mode: dnsrr}}\n' "$service"; done
  } >"$1/dnsrr.yml"
  (cd "$1" && docker stack deploy --detach=true --resolve-image never -c compose.yml -c dnsrr.yml "$stack" >/dev/null)
}

running() { # SERVICE STATE: polls until a healthy task runs and the update has this state; its container is then in `id`
  local service
  for _ in $(seq 12000); do
    service=$(ask services name "${stack}_$1")
    if [ -z "$2" ] || [[ $service == *"\"State\":\"$2\""* ]]; then
      if [[ $(ask tasks service "${stack}_$1") == *'"State":"running"'* ]]; then
        # the newest is the first: the task before it may still be there
        id=$(docker ps -q --filter "label=com.docker.swarm.service.name=${stack}_$1" --filter health=healthy | head -n 1)
        [ -z "$id" ] || break
      fi
    fi
  done
}

address_of() { # CONTAINER: where this machine reaches it
  local address
  address=$(docker network inspect docker_gwbridge -f "{{range \$id, \$c := .Containers}}{{if eq \$id \"$(docker inspect -f '{{.Id}}' "$1")\"}}{{\$c.IPv4Address}}{{end}}{{end}}")
  echo "${address%/*}"
}

# `grep >/dev/null` instead of `grep -q` reads to the end: a writer whose reader has gone fails
archive() { engine -o "$3" "http://engine/v1.41/containers/$1/archive?path=$2"; } # CONTAINER PATH FILE
put_back() { engine -X PUT --data-binary "@$3" -H 'Content-Type: application/x-tar' "http://engine/v1.41/containers/$1/archive?path=$2"; }

mkdir "$files/base" "$files/head"
git -C "$repository" archive "$base" | tar -x -C "$files/base"
git -C "$repository" archive HEAD | tar -x -C "$files/head"
if docker network create --driver overlay --attachable proxy >/dev/null 2>&1; then made_proxy=1; fi
