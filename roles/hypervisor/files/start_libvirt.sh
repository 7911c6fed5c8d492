#!/bin/sh
# Starts libvirt where no service manager does: containers and minimal machines. Prints what it started, if anything;
# with `predict` it prints what it would start.
set -eu
mode=$1

# Where no udev runs, /dev/kvm stays root:root 0600. libvirt then probes QEMU anew at every definition (80 s each),
# because its own user cannot open the device that it found.
if [ -c /dev/kvm ] && [ "$(stat --format=%G:%a /dev/kvm)" != kvm:660 ]; then
  if [ "$mode" = start ]; then
    chgrp kvm /dev/kvm
    chmod 0660 /dev/kvm
  fi
  echo "started: /dev/kvm opened for group kvm"
fi

# libvirt gives its machines unlimited core dumps. sudo takes that limit away, and a container may lack the capability
# (CAP_SYS_RESOURCE) to take it back: every machine would die before its first instruction.
if ! prlimit --core=unlimited:unlimited true 2>/dev/null && ! grep -q '^max_core' /etc/libvirt/qemu.conf; then
  [ "$mode" = predict ] || echo 'max_core = 0' >>/etc/libvirt/qemu.conf
  echo "started: machines without core dumps (/etc/libvirt/qemu.conf), which cannot be had here"
fi

for daemon in virtlogd libvirtd; do
  if ! pgrep --exact --pidfile "/run/$daemon.pid" "$daemon" >/dev/null 2>&1; then
    [ "$mode" = predict ] || "$daemon" --daemon
    echo "started: $daemon"
  fi
done
[ "$mode" = start ] || exit 0

for _ in $(seq 100); do
  virsh --quiet --connect qemu:///system version >/dev/null 2>&1 && exit 0
  sleep 0.2
done
echo "libvirtd was started here but does not answer on qemu:///system. See its log: journalctl, or /var/log/libvirt" >&2
exit 1
