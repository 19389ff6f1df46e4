#!/usr/bin/env bash
# make.sh - writes the base of all stand-ins to stdout: a small Debian 12 as a tar, from the package sources that this machine
# uses, so that it needs what this machine can reach and nothing else. It must not touch the engine.
set -euo pipefail

# source_of NAME: the first package source of this machine whose address ends in NAME, or nothing
source_of() {
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    sed -nE "s#^(deb|URIs:) .*\b([a-z+]+://[^ ]*/$1)/?( .*)?\$#\2#p" | sed -n 1p
}

main=$(source_of debian)
[ -n "$main" ] || { echo "no Debian package source is set up in /etc/apt; the lab's images are made of Debian packages" >&2; exit 1; }
security=$(source_of debian-security)
[ -n "$security" ] || security=$main-security
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'deb %s bookworm main\ndeb %s bookworm-updates main\ndeb %s bookworm-security main\n' \
  "$main" "$main" "$security" >"$folder/sources.list"
# the options stay in the image, so that what is installed on top is small and quick, too
mmdebstrap -q --variant=minbase --include=ca-certificates,curl \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='force-unsafe-io' \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  bookworm - "$folder/sources.list"
