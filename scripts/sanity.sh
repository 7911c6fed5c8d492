#!/usr/bin/env bash
# Runs ansible-test sanity on a copy of the tree: ansible-test refuses a root that is not called
# ansible_collections/bulkhead/classroom, and links. Words given go to ansible-test: make sanity ARGS="--test compile".
set -euo pipefail
work=$PWD/.ansible/sanity
tree=$work/ansible_collections/bulkhead/classroom
home=$work/home

rm -rf "$work/ansible_collections"
mkdir -p "$tree" "$home/.ansible/test/cache" "$home/.config/pip"
# A file that was deleted and not yet committed is still listed.
git ls-files -z -co --exclude-standard -- . ':!collections' |
    while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
    xargs -0 cp -P --parents -t "$tree"
# The copy lies in an ignored folder: without a repository of its own ansible-test would see no file in it.
git init --quiet "$tree"

# ansible-test keeps its environments under HOME and fetches pip from a fixed host. With a home of its own nothing is
# shared with another clone, and a stand-in for that download takes the pip which comes with Python.
core=$(python -c 'import ansible_test; print(*ansible_test.__path__)')
version=$(sed -n "s/^ *pip='\([0-9.]*\)'.*/\1/p" "$core/_internal/python_requirements.py")
cp tests/sanity/get_pip.py "$home/.ansible/test/cache/get_pip_${version//./_}.py"
# ansible-test drops the environment, so pip's settings, wherever they are made, have to be in a file.
python -m pip config list --disable-pip-version-check | python tests/sanity/pip_settings.py "$home/.config/pip/pip.conf"

run() {
    (cd "$tree" && HOME=$home ansible-test sanity --color no "$@")
}
current=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
run --python "$current" "$@"

# Words choose tests: then only those run.
[ $# -eq 0 ] || exit 0

# The floor of what runs on the hosts (EL 9). On the path, a version manager's python3.9 may be a shim of nothing.
floor=3.9
for candidate in "python$floor" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$floor"*/bin/"python$floor"; do
    if real=$("$candidate" -c 'import sys; print(sys.executable)' 2>/dev/null); then
        PATH=$PWD/.venv/bin:$(dirname "$real"):$PATH run --python "$floor" --test compile --test import
        exit
    fi
done
echo "No Python $floor here: compile and import for it are left to a machine that has one"
