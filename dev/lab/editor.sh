#!/usr/bin/env bash
# editor.sh - Neovim for the test of the language server, from the packages of the system. It uses one that is there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
with_packages nvim=neovim
