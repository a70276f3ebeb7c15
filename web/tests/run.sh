#!/usr/bin/env bash
# The page's tests as ctest runs them; 77 (skipped) where what they need is not installed.
#   run.sh units                 types, texts, units, size
#   run.sh browser PROGRAM       Playwright in Chromium against the real program
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skip() { echo "SKIPPED: $1" >&2; exit 77; }
[[ -d node_modules/vitest ]] || skip "the page's packages are not installed; scripts/page.sh tests fetches them"
[[ -f dist/index.html ]] || skip "the page is not built; scripts/page.sh builds it"

case $1 in
units)
  npm run --silent check
  npm run --silent strings
  npm run --silent unit
  npm run --silent size
  ;;
browser)
  export PENTIMENTO_PROGRAM=$2
  CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
  [[ -n $CHROMIUM ]] || skip "chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)"
  export CHROMIUM
  npm run --silent browser
  ;;
esac
