#!/usr/bin/env bash
# Builds the collection archive, installs it into an empty place and asks Ansible there for a playbook and a module.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
# Settings of their own: nothing may be found because this repository's ansible.cfg points at it.
echo "[defaults]" >"$place/ansible.cfg"
export ANSIBLE_CONFIG=$place/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$place/collections ANSIBLE_HOME=$place/home

ansible-galaxy collection build --output-path "$place/archive" . >/dev/null
archive=$(echo "$place"/archive/*.tar.gz)
# --no-deps: the ansible bundle already brings the collections this one builds on.
ansible-galaxy collection install --no-deps --collections-path "$place/collections" "$archive" >/dev/null

stray=$(tar -tzf "$archive" | grep -E '^(collections|tests|molecule|reports|\.)' || true)
if [ -n "$stray" ]; then
    printf '%s: files in the archive that belong to the repository only (galaxy.yml, build_ignore):\n%s\n' \
        scripts/build.sh "$stray" >&2
    exit 1
fi
cd "$place"
ansible-playbook --inventory localhost, --syntax-check bulkhead.classroom.site
for plugin in collections/ansible_collections/bulkhead/classroom/plugins/modules/*.py; do
    ansible-doc "bulkhead.classroom.$(basename "$plugin" .py)" >/dev/null
done
echo "Built and installed: $(basename "$archive"), $(tar -tzf "$archive" | grep -vc '/$') files"
