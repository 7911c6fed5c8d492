#!/bin/sh
# usage: probe_accelerator.sh KERNEL SECONDS
# Prints two lines: `kvm` or `qemu`, and the reason. A device node and libvirt's capabilities are no proof that a guest
# boots, so one is booted: the first line of the kernel on its console decides. The verdict holds until the hypervisor
# boots again.
set -eu
kernel=$1
seconds=$2
verdict=/run/bulkhead-accelerator.$(cat /proc/sys/kernel/random/boot_id)

if [ ! -s "$verdict" ]; then
  if [ ! -c /dev/kvm ]; then
    printf 'qemu\n/dev/kvm does not exist on this host\n' >"$verdict.new"
  elif [ ! -s "$kernel" ]; then
    # A dry run before there is an image: no answer, so none is kept.
    printf 'qemu\nnot tried: %s does not exist yet\n' "$kernel"
    exit 0
  else
    console=$(mktemp)
    trap 'rm -f "$console"' EXIT
    # Without a root disk the kernel panics after its first lines, and -no-reboot ends the guest there.
    timeout "$seconds" qemu-system-x86_64 -machine q35,accel=kvm -cpu host -m 256 -nodefaults -no-user-config \
      -no-reboot -display none -serial "file:$console" -kernel "$kernel" -append "console=ttyS0 panic=-1" \
      >"$console.err" 2>&1 </dev/null || true
    if grep --text --quiet 'Linux version' "$console"; then
      printf 'kvm\na guest booted under KVM\n' >"$verdict.new"
    else
      reason=$(grep . "$console.err" | head -n 1 | cut -c 1-120 || true)
      printf 'qemu\nno guest boots under KVM here: %s\n' "$reason" >"$verdict.new"
    fi
    rm -f "$console.err"
  fi
  mv "$verdict.new" "$verdict"
fi
cat "$verdict"
