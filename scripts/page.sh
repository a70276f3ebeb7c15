#!/usr/bin/env bash
# Builds the studio page, web/ -> web/dist, which the program then carries inside.
#
#   scripts/page.sh          what building takes
#   scripts/page.sh tests    also what its tests take (vitest, svelte-check, Playwright)
#
# Does nothing when nothing changed. Needs the network once, for npm's packages; without it the
# program is built as well, only without its page. PENTIMENTO_SKIP_PAGE=1 leaves the page out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web"

[[ -z ${PENTIMENTO_SKIP_PAGE:-} ]] || exit 0
say() { printf '%s\n' "$*" >&2; }

without() {
  say "page: $1"
  if [[ -f dist/index.html ]]; then
    say "page: the one built before stays"
  else
    say "page: going on without it; the command line and the HTTP interface work"
  fi
  exit 0
}

node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p'; }
major=$(node_major)
command -v npm >/dev/null && ((${major:-0} >= 18)) ||
  without "Node.js 18 or later with npm is missing (Debian: apt-get install nodejs npm)"

# --- packages: everything for the tests, only the builder's otherwise ---
lock=$(sha256sum package-lock.json | cut -d' ' -f1)
have=$(cat node_modules/.pentimento 2>/dev/null || true)
want="$lock build"
[[ ${1:-} != tests ]] || want="$lock tests"
if [[ $have != "$lock tests" && $have != "$want" ]]; then
  omit=(--omit=dev)
  [[ ${1:-} != tests ]] || omit=()
  say "Fetching the page's packages (npm ci)"
  log=$(mktemp)
  if ! PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci "${omit[@]}" --no-progress >"$log" 2>&1; then
    tail -5 "$log" >&2
    rm -f "$log"
    without "npm could not fetch its packages (see above); is the network reachable?"
  fi
  rm -f "$log"
  printf '%s' "$want" >node_modules/.pentimento
fi

# --- the page, when its sources changed ---
sources=$({ git ls-files -z --cached --others --exclude-standard -- index.html package-lock.json vite.config.ts svelte.config.js tsconfig.json src public 2>/dev/null ||
            find index.html package-lock.json vite.config.ts svelte.config.js tsconfig.json src public -type f -print0; } |
  sort -z | xargs -0 sha256sum 2>/dev/null | cat - <(grep '^project(' ../CMakeLists.txt) | sha256sum | cut -d' ' -f1)
if [[ ! -f dist/index.html || $(cat node_modules/.pentimento-built 2>/dev/null || true) != "$sources" ]]; then
  say "Building the page"
  log=$(mktemp)
  if ! npx --no-install vite build >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    say "page: vite could not build web/ (see above)"
    exit 1
  fi
  rm -f "$log"
  printf '%s' "$sources" >node_modules/.pentimento-built
fi
