#!/usr/bin/env bash
# images.sh [--full] [NAME...] | --remove - builds the stand-ins for upstream images (images/TAGS) and gives them their
# upstream names, in the engine's own store and in the registry of the engine that the lab started. Unchanged images are not
# built again. An image with such a name that the lab did not make must not be changed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
. "$LAB_HERE/docker.sh"
export DOCKER_BUILDKIT=0
BASE=ccci-lab/base:1
declare -A IN_ENGINE=() # reference -> the hash it was built from; empty for an image that the lab did not make

hash_of() { (cd "$LAB_HERE/images" && find base "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16); }

# rows [NAME...]: the chosen rows of TAGS, without the first column
rows() {
  awk -v wanted=" $* " '/^#/ || NF < 4 { next }
    wanted ~ /--full/ || wanted == "  " && $1 == "always" || index(wanted, " " $2 " ") { $1 = ""; print substr($0, 2) }' "$LAB_HERE/images/TAGS"
}

look() { # REFERENCE...: asks the engine once about all of them
  local names hash name
  while read -r names hash; do
    case $hash in *'no value'*) hash='' ;; esac
    for name in ${names//,/ }; do IN_ENGINE[$name]=$hash; done
  done < <(docker image inspect -f '{{ join .RepoTags "," }} {{ index .Config.Labels "ccci.lab.hash" }}' "$@" 2>/dev/null)
}
is_foreign() { [ -n "${IN_ENGINE[$1]+known}" ] && [ -z "${IN_ENGINE[$1]}" ]; }
is_current() { [ "${IN_ENGINE[$1]:-}" = "$2" ]; }

remember() { # REFERENCE: records what down.sh must remove, and from which engine
  local line
  line="$(engine_host) $1"
  grep -qsxF "$line" "$LAB_DIR/images" || echo "$line" >>"$LAB_DIR/images"
}

make_base() {
  bash "$LAB_HERE/images/base/make.sh" |
    docker import -c 'ENV DEBIAN_FRONTEND=noninteractive' -c 'LABEL ccci.lab=1' -c "LABEL ccci.lab.hash=$1" -c 'CMD ["bash"]' - $BASE
  remember $BASE
}

# build NAME HASH REPOSITORY TAG...: builds one image from the folder, and for each tag a layer that contains its version
build() {
  local name=$1 hash=$2 repository=$3 image tag old
  shift 3
  image=$(docker build -q --label ccci.lab=1 "$LAB_HERE/images/$name")
  for tag in "$@"; do
    old=$(docker image inspect -f '{{ .Id }}' "$repository:$tag" 2>/dev/null) || old=''
    printf 'FROM %s\nENV STAND_IN_VERSION=%s\nRUN echo %s >/etc/stand-in-version\n' "$image" "$tag" "$tag" |
      docker build -q --label "ccci.lab.hash=$hash" -t "$repository:$tag" -
    remember "$repository:$tag"
    # the previous image of the tag is removed, unless something uses it
    [ -z "$old" ] || docker image rm "$old" || true
  done
}

# The mark is next to the registry's data, so that both are removed together.
mark_of() { echo "$LAB_DIR/published/${1//\//_}"; }
is_published() { [ "$(cat "$(mark_of "$1")" 2>/dev/null)" = "$2" ]; }
publish() { # HASH REFERENCE...: a name without a slash is an official image, which is under library/
  local hash=$1 reference path registry
  shift
  registry=127.0.0.1:$(cat "$LAB_DIR/registry.port")
  mkdir -p "$LAB_DIR/published"
  for reference in "$@"; do
    case $reference in */*) path=$reference ;; *) path=library/$reference ;; esac
    docker tag "$reference" "$registry/$path"
    docker push -q "$registry/$path"
    docker image rm "$registry/$path"
    echo "$hash" >"$(mark_of "$reference")"
  done
}

# provide NAME REPOSITORY TAG...: builds and publishes what is missing of one row
provide() {
  local name=$1 repository=$2 hash tag stale=() unpublished=()
  shift 2
  hash=$(hash_of "$name")
  for tag in "$@"; do
    if is_foreign "$repository:$tag"; then
      echo "lab: $repository:$tag was in the engine before and is not changed"
      continue
    fi
    if is_current "$repository:$tag" "$hash"; then remember "$repository:$tag"; else stale+=("$tag"); fi
    is_published "$repository:$tag" "$hash" || unpublished+=("$repository:$tag")
  done
  [ ${#stale[@]} = 0 ] || step "building $repository (${stale[*]})" build "$name" "$hash" "$repository" "${stale[@]}"
  if [ -z "$OURS" ] || [ ${#unpublished[@]} = 0 ]; then return; fi
  step "publishing $repository" publish "$hash" "${unpublished[@]}"
}

provide_base() {
  local hash
  hash=$(hash_of base)
  if is_current $BASE "$hash"; then
    remember $BASE
  else
    with_packages mmdebstrap=mmdebstrap
    step "making the base image, a small Debian" make_base "$hash"
  fi
  if [ -n "$OURS" ] && ! is_published $BASE "$hash"; then step "publishing the base image" publish "$hash" $BASE; fi
}

# in parallel, one for each core
provide_rows() {
  local row words failed=''
  while read -r row; do
    read -ra words <<<"$row"
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || failed=1; done
    LAB_QUIET_START=1 provide "${words[@]}" &
  done <<<"$1"
  while [ -n "$(jobs -p)" ]; do wait -n || failed=1; done
  [ -z "$failed" ]
}

# Each image is removed from the engine in which it was built, whatever DOCKER_HOST is now.
remove_all() {
  local host reference hash status=0
  while read -r host reference; do
    export DOCKER_HOST=$host
    engine_answers || { echo "no engine answers on $host: $reference stays there"; status=1; continue; }
    hash=$(docker image inspect -f '{{ index .Config.Labels "ccci.lab.hash" }}' "$reference" 2>/dev/null) || continue
    # the name may belong to another image by now
    case $hash in '' | *'no value'*) continue ;; esac
    docker image rm "$reference" >/dev/null || status=1
  done < <(tac "$LAB_DIR/images")
  return $status
}

if [ "${1:-}" = --remove ]; then
  step "removing the lab's images" remove_all
  exit
fi
mkdir -p "$LAB_DIR"
if engine_is_ours; then OURS=1; else OURS=''; fi
ROWS=$(rows "$@")
[ -n "$ROWS" ] || die "no such image: $*; known: $(rows --full | cut -d' ' -f1 | paste -sd' ')"
mapfile -t REFERENCES < <(awk '{ for (i = 3; i <= NF; i++) print $2 ":" $i }' <<<"$ROWS")
look $BASE "${REFERENCES[@]}"
provide_base
provide_rows "$ROWS"
