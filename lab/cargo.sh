#!/usr/bin/env bash
# cargo.sh TEXT ARGS... - runs cargo and says in one line what it did and how long it took
set -euo pipefail
. "$(dirname "$0")/say.sh"
text=$1
shift
command -v cargo >/dev/null || die "no Rust toolchain: install Rust 1.95 or newer (rustup, or your distribution) and put cargo on the PATH"
command -v cc >/dev/null || step "installed a C compiler" install_packages gcc libc6-dev
step "$text" cargo "$@"
