#!/bin/sh
# Runs the provider that the file describes: ./run.sh provider.json
set -eu
cd "$(dirname "$0")"
. ../../../node.sh

install_locked >&2
exec node provider.mjs "$1"
