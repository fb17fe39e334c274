#!/bin/sh
# Installs the packages of the Node peers, as the lock says.
set -eu
cd "$(dirname "$0")/../.."
. ../node.sh

cd peers/node
install_locked
