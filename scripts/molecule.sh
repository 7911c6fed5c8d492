#!/usr/bin/env bash
# Boots the test classroom, runs a scenario on it (default: classroom) and destroys it, whatever happens.
# KEEP=1 leaves the machines for a look; the next run removes them before it starts.
set -euo pipefail
scenario=${1:-classroom}
# The scenarios lie where Molecule looks by default for anything that is no collection; say so, and it is content.
export MOLECULE_GLOB="molecule/*/molecule.yml"

destroy() {
    molecule destroy --no-command-borders --scenario-name default || return
    # Asked of libvirt itself: a removal that finds nothing to remove is successful, too.
    left=$(virsh --connect qemu:///system list --all --name 2>/dev/null | grep -F ".${BULKHEAD_TEST_NAME:?}" || true)
    [ -z "$left" ] || { echo "destroy left machines behind: $left" >&2; return 1; }
}

# A killed run leaves machines behind; a stale state would even make `create` say "already created".
destroy
molecule reset --scenario-name default
finish() {
    status=$?
    trap - EXIT
    if [ -n "${KEEP:-}" ]; then
        echo "KEEP is set: the classroom ${BULKHEAD_TEST_NAME:-} stays"
    else
        destroy || status=1
    fi
    exit "$status"
}
# Molecule gives what it starts a session of its own and leaves it running: children are found by their parents.
descendants() {
    local child
    for child in $(pgrep -P "$1"); do
        descendants "$child"
        echo "$child"
    done
}
alive() {
    ps -o stat= -p "$(IFS=, && echo "$*")" | grep -q '^[^Z]'
}
ended() {
    trap '' INT TERM
    local running
    mapfile -t running < <(descendants "$molecule")
    running+=("$molecule")
    # One of them may have ended by itself, which is no fault. One that stays would make the machines again.
    kill -TERM "${running[@]}" 2>/dev/null || true
    for _ in $(seq 50); do
        alive "${running[@]}" || exit "$1"
        sleep 0.2
    done
    kill -KILL "${running[@]}" 2>/dev/null || true
    ! alive "${running[@]}" || echo "still running, end them by hand: ${running[*]}" >&2
    exit "$1"
}
trap finish EXIT
# Never: the trap destroys, also after a failure in create, which Molecule itself would leave standing.
# In the background, because bash hears no signal while it waits for a command in the foreground.
molecule test --no-command-borders --destroy never --scenario-name "$scenario" &
molecule=$!
trap 'ended 130' INT
trap 'ended 143' TERM
wait "$molecule"
