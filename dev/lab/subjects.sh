#!/usr/bin/env bash
# subjects.sh - the subject of each commit is `area: imperative summary`, at most 72 characters. Older commits are
# not checked, because they were made before this rule. It must not fail without the history, as in an archive or a shallow clone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
cd "$LAB_HERE/../.."
SINCE=0463ebf78c8b3265d8ebb7335cd744c7df7d661b
if ! git merge-base --is-ancestor $SINCE HEAD 2>/dev/null; then
  echo "subjects: not checked, because the history is missing"
  exit 0
fi
wrong=$(git log --no-merges --format=%s $SINCE..HEAD | awk 'length($0) > 72 || !/^[a-z][a-z0-9_, -]*: [^ ]/')
if [ -n "$wrong" ]; then
  printf 'subjects: expected `area: summary` of at most 72 characters, found:\n%s\n' "$wrong" >&2
  exit 1
fi
echo "subjects: $(git log --no-merges --oneline $SINCE..HEAD | wc -l) commits have valid subjects"
