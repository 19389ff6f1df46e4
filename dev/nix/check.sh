#!/usr/bin/env bash
# check.sh - evaluates the flake with a stub instead of nixpkgs, because a Nix store cannot be filled everywhere. Checks that
# every output exists and that the package has the version of Cargo.toml. It must leave nothing in the checkout.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lab/say.sh"
with_packages nix=nix-bin
cd "$LAB_HERE/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# of a git repository Nix reads only tracked files; a plain copy is read completely
mkdir "$work/ccci"
git ls-files -z | xargs -0 cp --parents -t "$work/ccci" 2>/dev/null || true
export NIX_STATE_DIR=$work/state NIX_STORE_DIR=$work/store NIX_LOG_DIR=$work/log NIX_CONF_DIR=$work HOME=$work
nix_() {
  nix --extra-experimental-features 'nix-command flakes' "$@" --offline --no-write-lock-file \
    --override-input nixpkgs "path:$work/ccci/dev/nix/stub" 2>"$work/said" || { cat "$work/said" >&2; return 1; }
}
nix_ flake check --no-build "path:$work/ccci"
wanted=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
for system in x86_64-linux aarch64-linux; do
  for output in packages apps devShells checks; do
    attribute=$([ $output = apps ] && echo program || echo name)
    got=$(nix_ eval --raw "path:$work/ccci#$output.$system.default.$attribute")
    [ -n "$got" ] || die "the flake's $output.$system.default has no $attribute"
  done
  got=$(nix_ eval --raw "path:$work/ccci#packages.$system.default.version")
  [ "$got" = "$wanted" ] || die "the flake's package has version $got, Cargo.toml says $wanted"
done
echo "nix: the flake is valid: package, app, dev shell and check for two systems"
