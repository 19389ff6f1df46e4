#!/usr/bin/env bash
# repos.sh [OUT] - makes recipe repositories out of the plain folders under recipes/: one commit a folder, an annotated tag for
# each version, one lightweight tag; a folder NN-head is a commit without a tag. Names, dates and so hashes are the same on
# every machine. It needs git and nothing else, and must not look at the user's git settings.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
command -v git >/dev/null || with_packages git=git
LIGHTWEIGHT=custom-html/02-1.1.0+1.26.0 # its tag is lightweight: real repositories have such, and lint must see it
OUT=${1:-$LAB_HERE/repos}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)

unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_COMMON_DIR GIT_NAMESPACE
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 GIT_DEFAULT_HASH=sha1
export GIT_AUTHOR_NAME="Recipe Author" GIT_AUTHOR_EMAIL=author@example.org
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

# one line of hash for each recipe, over the folder, this script and the place
hashes() {
  cd "$LAB_HERE/recipes"
  find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum ../repos.sh |
    awk '{ split($2, p, "/"); if (p[1] == "..") own = $1; else { r = p[2]; all[r] = all[r] $1 $2 } } END { for (r in all) print r, own all[r] }' |
    while read -r recipe text; do echo "$recipe $(sha256sum <<<"$text" | cut -c1-32)"; done
}

make_repo() {
  local recipe=$1 hash=$2 repo=$OUT/.making-$1-$$ folder version day=1
  git init -q -b main "$repo"
  for folder in "$LAB_HERE/recipes/$recipe"/*/; do
    folder=$(basename "$folder")
    version=${folder#*-}
    git -C "$repo" rm -rq --ignore-unmatch --cached .
    # release notes stay from version to version
    find "$repo" -mindepth 1 -maxdepth 1 ! -name .git ! -name release -exec rm -rf {} +
    cp -r "$LAB_HERE/recipes/$recipe/$folder/." "$repo/"
    GIT_AUTHOR_DATE=$(printf '2026-01-%02dT12:00:00Z' $day)
    export GIT_AUTHOR_DATE GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
    git -C "$repo" -c core.fileMode=false add -A
    git -C "$repo" commit -q -m "$recipe $version"
    if [ "$recipe/$folder" = $LIGHTWEIGHT ]; then
      git -C "$repo" tag "$version"
    elif [ "$version" != head ]; then
      git -C "$repo" tag -a -m "$version" "$version"
    fi
    day=$((day + 1))
  done
  echo "$hash" >"$repo/.git/made-from"
  # the finished repository takes its place at once; a second maker of the same one loses nothing
  rm -rf "${OUT:?}/$recipe"
  mv -T "$repo" "$OUT/$recipe" || rm -rf "$repo"
}

list=$(hashes)
while read -r recipe hash; do
  [ "$(cat "$OUT/$recipe/.git/made-from" 2>/dev/null)" = "$hash" ] || step "making the repository of $recipe" make_repo "$recipe" "$hash"
done <<<"$list"
