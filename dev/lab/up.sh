#!/usr/bin/env bash
# up.sh [--full] - makes the whole test environment: engine, registry, images, recipe repositories. Everything is made once
# and reused; --full adds images that only optional recipes need. It must not change what somebody else put on the machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# one at a time: two in parallel would start two engines (the engine must not inherit the lock)
if [ -z "${LAB_LOCKED:-}" ]; then
  mkdir -p "$LAB_DIR"
  flock -n "$LAB_DIR/lock" true || echo "lab: another lab command runs on this machine; waiting for it"
  LAB_LOCKED=1 exec flock -o "$LAB_DIR/lock" bash "$LAB_HERE/up.sh" "$@"
fi
began=$(now_ms)
bash "$LAB_HERE/engine.sh" up
bash "$LAB_HERE/registry.sh" up
bash "$LAB_HERE/browser.sh"
bash "$LAB_HERE/editor.sh"
bash "$LAB_HERE/images.sh" "$@"
bash "$LAB_HERE/repos.sh"
printf 'lab: ready (%s)\n' "$(seconds "$began")"
