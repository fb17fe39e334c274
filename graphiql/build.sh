#!/bin/sh
# Fills dist/ with GraphiQL's published browser builds and our page around them.
set -eu
cd "$(dirname "$0")"
. ../node.sh

install_locked
rm -rf dist.new
mkdir dist.new
cp index.html page.css page.js \
    node_modules/graphiql/graphiql.min.css node_modules/graphiql/graphiql.min.js \
    node_modules/graphql-ws/umd/graphql-ws.min.js \
    node_modules/react/umd/react.production.min.js node_modules/react-dom/umd/react-dom.production.min.js dist.new/
rm -rf dist
mv dist.new dist
