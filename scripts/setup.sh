#!/usr/bin/env bash
# Makes this machine ready to build: Debian packages, then the pinned wheels under .deps.
#
#   scripts/setup.sh [ci]     ci: also the packages that only .ci/run needs
#
# Does only what is missing, so that a second call takes a fraction of a second and no network.
# Works as root or with sudo. PENTIMENTO_SKIP_PACKAGES=1 leaves the system's packages alone
# (for systems without apt, where they have been installed by hand).
# shellcheck disable=SC1090  # the file sourced is the system's
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

deps=${PENTIMENTO_DEPS:-.deps}
os_release=${PENTIMENTO_OS_RELEASE:-/etc/os-release}  # the tests put another system's file here
work=""
trap '[[ -z $work ]] || rm -rf "$work"' EXIT

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }
table() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

system_name() { (. "$os_release" 2>/dev/null && printf '%s' "${PRETTY_NAME:-${NAME:-unknown}}") || printf 'an unknown system'; }

is_debian_family() {
  [[ -r $os_release ]] && (. "$os_release" && [[ " ${ID:-} ${ID_LIKE:-} " =~ \ (debian|ubuntu)\  ]]) &&
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
}

explain_other_system() {
  say "setup: this is $(system_name); packages are installed automatically on Debian 12 and Ubuntu 24.04 only."
  say "Please install what these Debian packages hold, under the names your system has for them:"
  table "$@" | sed 's/^/  /' >&2
  say "(a C++20 compiler, CMake 3.25, Ninja, pkg-config, Python 3.8 with pip, and the headers of the libraries)"
  say "and then say so:  PENTIMENTO_SKIP_PACKAGES=1 $0"
  exit 1
}

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  table "$@" | grep -vxF -f <(printf '%s\n' "$installed") || true
}

install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "these packages are missing and installing them takes root or sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -q >/dev/null || say "apt-get update reported errors (see above); going on with the lists there are"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install: ${missing[*]}"
}

# A Python that has pip; a virtual environment of the user's may lack it where the system's has it.
python_with_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then printf '%s' "$python"; return; fi
  done
  fail "python3 has no pip; install python3-pip"
}

fetch_wheel() {
  local name=$1 version=$2 python_tag=$3 abi=$4 platform=$5 sha256=$6 keep=$7
  local python wheel found
  python=$(python_with_pip)
  work=$(mktemp -d "$deps/.fetch.XXXXXX")
  say "Fetching $name $version"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --implementation cp --python-version "$python_tag" --abi "$abi" --platform "$platform" \
    --dest "$work" "$name==$version" >&2 ||
    fail "pip could not download $name $version (see above); is the network reachable?"
  wheel=$(echo "$work"/*.whl)
  found=$(sha256sum "$wheel" | cut -d' ' -f1)
  [[ $found == "$sha256" ]] ||
    fail "$(basename "$wheel"): sha256 is $found, scripts/wheels.txt expects $sha256; nothing was unpacked"
  "$python" scripts/unpack_wheel.py "$wheel" "$work/unpacked" "$keep"
  echo "$sha256 $keep" >"$work/unpacked/.stamp"
  rm -rf "${deps:?}/$name"
  mv "$work/unpacked" "$deps/$name"
  rm -rf "$work"
  work=""
}

fetch_wheels() {
  local here name version machine python_tag abi platform sha256 keep served=""
  here=$(uname -m)
  [[ $here != arm64 ]] || here=aarch64
  mkdir -p "$deps"
  exec 9>"$deps/.lock"
  flock 9  # two calls at once fetch one after the other
  while read -r name version machine python_tag abi platform sha256 keep; do
    [[ $machine == any || $machine == "$here" ]] || continue
    served+=" $name"
    [[ -r $deps/$name/.stamp && $(<"$deps/$name/.stamp") == "$sha256 $keep" ]] ||
      fetch_wheel "$name" "$version" "$python_tag" "$abi" "$platform" "$sha256" "$keep"
  done < <(table scripts/wheels.txt)
  [[ $served == *" openvino"* ]] ||
    fail "there is no OpenVINO wheel for this processor ($here) in scripts/wheels.txt; x86_64 and aarch64 are served"
}

# Any Node.js of 18 or later will do for the page; Debian's npm brings some 400 small packages.
have_node() { command -v npm >/dev/null && (($(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p') + 0 >= 18)); }

lists=(scripts/debian-packages.txt)
[[ -n ${PENTIMENTO_SKIP_PAGE:-} ]] || have_node || lists+=(scripts/debian-packages-page.txt)
[[ ${1:-} != ci ]] || lists+=(scripts/debian-packages-ci.txt)
if [[ -z ${PENTIMENTO_SKIP_PACKAGES:-} ]]; then
  is_debian_family || explain_other_system "${lists[@]}"
  install_packages "${lists[@]}"
fi
fetch_wheels
