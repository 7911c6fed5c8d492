#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing; says nothing and needs no rights when none is.
set -euo pipefail

missing=()
for package in "$@"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "scripts/packages.sh: this is no Debian system; install what corresponds to: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "scripts/packages.sh: missing packages: ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install --yes --no-install-recommends "${missing[@]}" >"$log" 2>&1
}

echo "Installing Debian packages: ${missing[*]}"
# The package lists of a fresh machine are absent or old: fetch them only then.
if ! install && ! { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 --quiet=2 update && install; }; then
    tail -n 40 "$log" >&2
    echo "scripts/packages.sh: apt-get could not install: ${missing[*]}; its last words are above" >&2
    exit 1
fi

# The tests start daemons of their own; a registry that listens on every address because it was installed is no
# gift to the machine. Only what this call installed is switched off.
if [ -d /run/systemd/system ]; then
    for package in "${missing[@]}"; do
        case $package in
            docker.io)
                "${as_root[@]}" systemctl disable --quiet --now docker.service docker.socket containerd.service
                ;;
            openssh-server) "${as_root[@]}" systemctl disable --quiet --now ssh.service ssh.socket ;;
            docker-registry) "${as_root[@]}" systemctl disable --quiet --now docker-registry.service ;;
        esac
    done
fi
