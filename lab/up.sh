#!/usr/bin/env bash
# up.sh - the whole ground: engine, registry, images, recipe repositories. Everything is made once and found again.
set -euo pipefail
here=$(dirname "$0")
. "$here/say.sh"
began=$(now_ms)
command -v git >/dev/null || step "installed git" install_packages git ca-certificates
bash "$here/registry.sh" port
bash "$here/engine.sh" up
bash "$here/registry.sh" up
bash "$here/images.sh"
bash "$here/repos.sh"
printf 'lab: the ground is ready (%s)\n' "$(seconds "$began")"
