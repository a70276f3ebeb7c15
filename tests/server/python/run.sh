#!/usr/bin/env bash
# Drives a server with clients that others wrote: webuiapi, openai, schemathesis.
#   run.sh FAKE_SERVER
# They come from PyPI into a virtual environment of their own; where that cannot be made (no
# network), the test says so and counts as skipped (77), never as passed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
server=$1
venv=${PENTIMENTO_CLIENTS_VENV:-$(dirname "$server")/clients-venv}
stamp=$venv/.requirements
if ! cmp -s "$here/requirements.txt" "$stamp"; then
  rm -rf "$venv"
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"; }; then
    echo "SKIPPED: the clients of tests/server/python/requirements.txt could not be installed" >&2
    exit 77
  fi
  cp "$here/requirements.txt" "$stamp"
fi
exec "$venv/bin/python" "$here/clients_test.py" "$server"
