#!/usr/bin/env bash
# up.sh [--full] - the whole ground: engine, registry, images, recipe repositories. Everything is made once and found again;
# --full adds the images that only optional recipes need. It must not touch what somebody else put on the machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# one at a time: two of these side by side would start two engines (the lock must not be handed on to the engine)
if [ -z "${LAB_LOCKED:-}" ]; then
  mkdir -p "$LAB_DIR"
  flock -n "$LAB_DIR/lock" true || echo "lab: another lab command runs on this machine; waiting for it"
  LAB_LOCKED=1 exec flock -o "$LAB_DIR/lock" bash "$LAB_HERE/up.sh" "$@"
fi
began=$(now_ms)
bash "$LAB_HERE/engine.sh" up
bash "$LAB_HERE/registry.sh" up
bash "$LAB_HERE/images.sh" "$@"
bash "$LAB_HERE/repos.sh"
printf 'lab: the ground is ready (%s)\n' "$(seconds "$began")"
