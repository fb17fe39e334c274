#!/bin/sh
# Audits a server's GraphQL over HTTP: ./run.sh http://127.0.0.1:8000/graphql
set -eu
cd "$(dirname "$0")"
. ../node.sh

install_locked >&2
exec node audit.mjs "$1"
