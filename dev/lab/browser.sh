#!/usr/bin/env bash
# browser.sh - Chromium and its driver for page tests, from the packages of the system. It uses those that are there and must not
# change or update them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
if command -v chromedriver >/dev/null && command -v chromium >/dev/null; then exit 0; fi
with_packages chromium=chromium chromedriver=chromium-driver
