#!/usr/bin/env bash
# images.sh - builds the stand-ins for upstream images from distribution packages and puts them behind their upstream names:
# into the lab's registry, and into the engine's own store. An image whose folder has not changed is not built again.
set -euo pipefail
. "$(dirname "$0")/say.sh"
export DOCKER_BUILDKIT=0
BASE=ccci-lab/base:1

# the machine's own package sources, so that the images use what this machine can reach
sources() {
  local mirror
  mirror=$({ awk '/^URIs:/ { print $2 }' /etc/apt/sources.list.d/*.sources 2>/dev/null; awk '/^deb / { print $2 }' /etc/apt/sources.list 2>/dev/null; } | grep -E '/debian/?$' | head -n 1)
  mirror=${mirror%/}
  [ -n "$mirror" ] || die "no Debian package source is set up in /etc/apt; the lab's images are made of Debian packages"
  printf 'deb %s bookworm main\ndeb %s bookworm-updates main\ndeb %s-security bookworm-security main\n' "$mirror" "$mirror" "$mirror"
}

build_base() {
  local list
  list=$(mktemp --suffix=.list)
  sources >"$list"
  mmdebstrap -q --variant=minbase --include=ca-certificates,curl --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' bookworm - "$list" |
    docker import -c 'ENV DEBIAN_FRONTEND=noninteractive' -c 'LABEL ccci.lab=1' -c 'CMD ["bash"]' - $BASE
  rm -f "$list"
}

hash_of() { (cd "$LAB_HERE/images/$1" && find . -type f | sort | xargs sha256sum | sha256sum | cut -c1-16); }
has() { [ "$(docker image inspect -f '{{ index .Config.Labels "ccci.lab.hash" }}' "$1" 2>/dev/null)" = "$2" ]; }

# build NAME HASH REPOSITORY TAG...: the first tag is built, each further one is a layer that says its own version
build() {
  local name=$1 hash=$2 repository=$3 first=$4 tag
  shift 3
  for tag in "$@"; do
    if [ "$tag" = "$first" ]; then
      docker build -q --label ccci.lab=1 --label "ccci.lab.hash=$hash" -t "$repository:$tag" "$LAB_HERE/images/$name"
    else
      printf 'FROM %s\nENV STAND_IN_VERSION=%s\nRUN echo %s > /etc/stand-in-version\n' "$repository:$first" "$tag" "$tag" |
        docker build -q --label "ccci.lab.hash=$hash" -t "$repository:$tag" -
    fi
  done
}

# publish REPOSITORY TAG...: a name without a slash is an official image and lies under library/
publish() {
  local repository=$1 path=$1 tag registry
  shift
  registry=127.0.0.1:$(cat "$LAB_DIR/registry.port")
  case $path in */*) ;; *) path=library/$path ;; esac
  for tag in "$@"; do
    docker tag "$repository:$tag" "$registry/$path:$tag"
    docker push -q "$registry/$path:$tag"
    docker rmi "$registry/$path:$tag"
  done
}
published() {
  local path=$1
  case $path in */*) ;; *) path=library/$path ;; esac
  curl -sf -o /dev/null "http://127.0.0.1:$(cat "$LAB_DIR/registry.port")/v2/$path/manifests/$2"
}

if ! docker image inspect $BASE >/dev/null 2>&1; then
  command -v mmdebstrap >/dev/null || step "installed mmdebstrap" install_packages mmdebstrap
  step "made the base image" build_base
fi
while read -r name repository tags; do
  hash=$(hash_of "$name")
  read -ra list <<<"$tags"
  last=${list[-1]}
  if ! has "$repository:$last" "$hash"; then
    step "built $repository ($tags)" build "$name" "$hash" "$repository" "${list[@]}"
    step "published $repository" publish "$repository" "${list[@]}"
  elif ! published "$repository" "$last"; then
    step "published $repository" publish "$repository" "${list[@]}"
  fi
done <"$LAB_HERE/images/TAGS"
