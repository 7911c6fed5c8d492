#!/bin/sh
# Builds the root file system of the base image, once for each recipe. Prints one JSON object.
# usage: build-rootfs.sh build|check FILE SUITE MIRROR PACKAGES REMOVE
#   FILE      where the tarball goes: <something>.tar.gz, named after the recipe
#   MIRROR    empty for the distribution's own
#   PACKAGES, REMOVE   names with commas between them
set -eu
mode=$1 file=$2 suite=$3 mirror=$4 packages=$5 remove=$6

answer() {
    printf '{"built": %s, "file": "%s"}\n' "$1" "$file"
}

# The digest is put in place before the tarball, so where the tarball is, both are whole.
if [ -e "$file" ] && [ -e "$file.sha256" ]; then
    answer false
    exit 0
fi
if [ "$mode" = check ]; then
    answer true
    exit 0
fi

mkdir -p "$(dirname "$file")"
# A second build of the same recipe waits for the first and then finds its result.
exec 9> "$file.lock"
flock 9
if [ -e "$file" ] && [ -e "$file.sha256" ]; then
    answer false
    exit 0
fi

# Fixed, and older than any file that a build makes: the same packages give the same bytes.
export SOURCE_DATE_EPOCH=1735689600
# One fixed name, which the lock protects: what a killed build left is overwritten.
part=$file.part
purge='true'
if [ -n "$remove" ]; then
    purge="chroot \"\$1\" dpkg --purge --force-remove-essential --force-depends $(echo "$remove" | tr ',' ' ')"
fi
# shellcheck disable=SC2016 # $1 is expanded by the shell that mmdebstrap starts for a hook, not by this one.
if ! mmdebstrap --quiet --format=tar --variant=essential ${packages:+--include="$packages"} \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/lib/*/gconv/*' \
    --customize-hook="$purge" \
    --customize-hook='rm -rf "$1"/var/lib/dpkg/info/*.md5sums "$1"/var/lib/dpkg/*-old "$1"/var/log/*' \
    "$suite" "$part" ${mirror:+"$mirror"} > "$part.log" 2>&1; then
    echo "mmdebstrap could not build the root file system of $suite ($packages)." >&2
    echo "It needs a package mirror and the distribution's archive keyring. Its last words:" >&2
    tail -n 15 "$part.log" >&2
    exit 1
fi
# Every engine reads gzip; -n leaves out name and time.
gzip -n -9 < "$part" > "$part.gz"
sha256sum "$part.gz" | cut -d ' ' -f 1 > "$part.sha256"
mv "$part.sha256" "$file.sha256"
mv "$part.gz" "$file"
rm -f "$part" "$part.log" "$file.lock"
answer true
