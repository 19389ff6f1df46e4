#!/usr/bin/env bash
# repos.sh [OUT] - makes recipe repositories out of the plain folders under recipes/: one commit a folder, an annotated tag
# for each version, one lightweight tag. Names, dates and so hashes are the same on every machine. Needs git only.
set -euo pipefail
. "$(dirname "$0")/say.sh"
OUT=${1:-$LAB_HERE/repos}
LIGHTWEIGHT=custom-html/02-1.1.0+1.26.0 # its tag is lightweight: real repositories have such, and lint must see it

export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME="Recipe Author" GIT_AUTHOR_EMAIL=author@example.org
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

hash_of() { (cd "$LAB_HERE/recipes" && { cat "$LAB_HERE/repos.sh"; find "$1" -type f | LC_ALL=C sort | xargs sha256sum; } | sha256sum | cut -c1-32); }

make_repo() {
  local recipe=$1 repo=$OUT/$1 folder version day=1
  rm -rf "$repo"
  git init -q -b main "$repo"
  for folder in "$LAB_HERE/recipes/$recipe"/*/; do
    folder=$(basename "$folder")
    version=${folder#*-}
    find "$repo" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
    cp -r "$LAB_HERE/recipes/$recipe/$folder/." "$repo/"
    # release notes stay from version to version
    git -C "$repo" checkout -q HEAD -- release 2>/dev/null || true
    [ ! -d "$LAB_HERE/recipes/$recipe/$folder/release" ] || cp -r "$LAB_HERE/recipes/$recipe/$folder/release/." "$repo/release/"
    GIT_AUTHOR_DATE=$(printf '2026-01-%02dT12:00:00Z' $day)
    export GIT_AUTHOR_DATE GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
    git -C "$repo" add -A
    git -C "$repo" commit -q -m "$recipe $version"
    if [ "$recipe/$folder" = $LIGHTWEIGHT ]; then
      git -C "$repo" tag "$version"
    elif [ "$version" != head ]; then
      git -C "$repo" tag -a -m "$version" "$version"
    fi
    day=$((day + 1))
  done
}

for folder in "$LAB_HERE"/recipes/*/; do
  recipe=$(basename "$folder")
  hash=$(hash_of "$recipe")
  [ "$(cat "$OUT/$recipe/.git/made-from" 2>/dev/null)" = "$hash" ] && continue
  mkdir -p "$OUT"
  step "made the repository of $recipe" make_repo "$recipe"
  echo "$hash" >"$OUT/$recipe/.git/made-from"
done
