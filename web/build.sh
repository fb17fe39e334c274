#!/bin/sh
# Fills dist/ with both web apps and the manifest of their trusted documents.
set -eu
cd "$(dirname "$0")"
. ../node.sh

install_locked
npm run --silent build
