#!/usr/bin/env bash
# down.sh - removes exactly what up.sh made: its images, its registry, its repositories, its folder, and the engine and the
# swarm if up.sh made them. It must not remove packages (they may be in use by now) or anything else in the engine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
. "$LAB_HERE/docker.sh"
if [ ! -d "$LAB_DIR" ]; then
  rm -rf "$LAB_HERE/repos"
  echo "lab: nothing of the lab is on this machine"
  exit 0
fi
if [ -z "${LAB_LOCKED:-}" ]; then LAB_LOCKED=1 exec flock -o "$LAB_DIR/lock" bash "$LAB_HERE/down.sh"; fi
began=$(now_ms)
# images are in the store of an engine, which may have died in the meantime; only an engine can remove them
if [ -s "$LAB_DIR/images" ] && [ -e "$LAB_DIR/engine.host" ]; then
  DOCKER_HOST=$(cat "$LAB_DIR/engine.host") bash "$LAB_HERE/engine.sh" up || true
fi
stays=''
if [ -s "$LAB_DIR/images" ]; then bash "$LAB_HERE/images.sh" --remove || stays=1; fi
bash "$LAB_HERE/registry.sh" down
bash "$LAB_HERE/engine.sh" down
packages=$(sort -u "$LAB_DIR/packages" 2>/dev/null | paste -sd' ') || true
rm -rf "$LAB_HERE/repos"
if [ -n "$stays" ]; then
  # keep the record of what is left
  find "$LAB_DIR" -mindepth 1 -maxdepth 1 ! -name images ! -name packages -exec rm -rf {} +
  die "everything was removed except the images above; stop what uses them, then run: make down"
fi
rm -rf "$LAB_DIR"
[ -z "$packages" ] || echo "lab: installed packages stay; if nothing else uses them: apt-get remove $packages"
printf 'lab: removed (%s)\n' "$(seconds "$began")"
