#!/usr/bin/env bash
# The installed folder stands by itself: installed, moved elsewhere, and run without the build
# folder's environment, it paints a photograph with OpenVINO from inside it.
#
#   install.sh BUILD
set -euo pipefail
build=$1
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
alone() { env -i HOME="$work/home" PATH=/usr/bin:/bin "$@"; }

library=$(alone ldd "$work/moved/bin/pentimento" | grep libopenvino.so)
[[ $library == *"$work/moved/"* ]] || { echo "OpenVINO comes from elsewhere: $library"; exit 1; }
alone "$work/moved/bin/pentimento" stylize "$project/examples/chelsea.png" --style starry-night \
  --output "$work/painting.png" --quiet
[[ -s $work/painting.png ]] || { echo "no painting was made"; exit 1; }
for file in LICENSE NOTICE; do
  [[ -s $work/moved/share/doc/pentimento/$file ]] || { echo "$file is missing"; exit 1; }
done
