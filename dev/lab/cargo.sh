#!/usr/bin/env bash
# cargo.sh TEXT ARGS... - runs cargo and prints one line with the text and the time (with - as text, cargo's own output is
# shown). It reports a missing toolchain and must not install one, as version and place are the owner's choice.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
text=$1
shift
cd "$LAB_HERE/../.."
if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH; fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
command -v cargo >/dev/null || die "no Rust toolchain: there is no cargo on the PATH. Install Rust $wanted or newer (rustup, or your distribution), then run this again"
have=$(rustc --version | awk '{ print $2 }')
[ "$(printf '%s\n' "$wanted" "${have%%-*}" | sort -V | head -n 1)" = "$wanted" ] ||
  die "Rust $have is too old, ccci needs $wanted or newer; with rustup: rustup update stable"
with_packages cc=gcc /usr/include/stdlib.h=libc6-dev
if [ "$text" = - ]; then exec cargo "$@"; fi
step "$text" cargo "$@"
