#!/usr/bin/env bash
# down.sh - takes away exactly what up.sh put here: its images, its registry, its repositories, and the engine if up.sh
# started it. Installed packages stay: they may be in use by now.
set -euo pipefail
here=$(dirname "$0")
. "$here/say.sh"
began=$(now_ms)
remove_images() {
  local ids
  ids=$(docker image ls -q --no-trunc --filter label=ccci.lab=1 | sort -u)
  [ -z "$ids" ] || docker image rm -f $ids
}
if docker info >/dev/null 2>&1; then step "removed the lab's images" remove_images || true; fi
bash "$here/registry.sh" down
step "stopped the engine, if the lab had started it" bash "$here/engine.sh" down
rm -rf "$LAB_DIR" "$here/repos"
printf 'lab: gone (%s)\n' "$(seconds "$began")"
