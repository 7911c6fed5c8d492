# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of one container, said once and used for `containers` and `defaults`."""

    DOCUMENTATION = r"""
options:
  defaults:
    description: What containers have in common. Each option stands for those that a container does not give itself.
    type: dict
    default: {}
    suboptions: &shared
      image:
        description: Image, by name and tag, by digest or by id. It has to be on the engine already.
        type: str
      command:
        description: Command, as a list of words. Without it the image's own.
        type: list
        elements: str
      entrypoint:
        description: Entrypoint, as a list of words. An empty list takes the image's entrypoint away.
        type: list
        elements: str
      env:
        description: Environment, merged over that of O(defaults). Results and diffs hide the values.
        type: dict
      secret_env:
        description: Like O(containers[].env), for values that shall not even show with C(-vvv) or in a system log.
        type: dict
      user:
        description: User, or user and group, like V(1000:1000).
        type: str
      group_add:
        description: Further groups of the command, by name or number.
        type: list
        elements: str
        aliases: [groups]
      workdir:
        description: Folder that the command starts in.
        type: str
        aliases: [working_dir]
      hostname:
        description: Host name. Without it the engine uses the short id.
        type: str
      tty:
        description: A terminal for the command.
        type: bool
      interactive:
        description: Keeps the command's standard input open.
        type: bool
      labels:
        description: Labels, merged over those of O(defaults) and O(labels).
        type: dict
      memory:
        description: Limit of memory, like V(256m). V(0) is refused, because it would mean no limit.
        type: str
      memory_swap:
        description: Limit of memory and swap together. Equal to O(containers[].memory) means no swap, V(-1) no limit.
        type: str
      memory_reservation:
        description: Memory that is left to the container when the host runs short.
        type: str
      cpus:
        description: Processors, like V(0.5).
        type: float
      cpu_shares:
        description: Weight against other containers when processors are short; the engine's default is 1024.
        type: int
      cpuset_cpus:
        description: Processors that the container may use, like V(0-2,5).
        type: str
      cpuset_mems:
        description: Memory nodes that the container may use, like V(0).
        type: str
      pids_limit:
        description: Limit of processes, or V(-1). V(0) is refused, because it would mean no limit.
        type: int
      blkio_weight:
        description: Weight, from 10 to 1000, against other containers when disks are busy. Not every kernel has it.
        type: int
      device_read_bps: &rates
        description: Limits for single block devices, in bytes or in operations per second.
        type: list
        elements: dict
        suboptions:
          path:
            description: The device, like V(/dev/sda).
            type: str
            required: true
          rate:
            description: Bytes per second, like V(10m), or operations per second, like V(500).
            type: str
            required: true
      device_write_bps: *rates
      device_read_iops: *rates
      device_write_iops: *rates
      oom_score_adj:
        description: How gladly the kernel ends the container when memory is short, from -1000 to 1000.
        type: int
      shm_size:
        description: Size of C(/dev/shm); the engine's default is 64m.
        type: str
      ulimits:
        description: Limits per process. The engine's default limits are not seen as a difference.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name, like V(nofile).
            type: str
            required: true
          soft:
            description: Soft limit.
            type: int
            required: true
          hard:
            description: Hard limit; the soft one when not given.
            type: int
      sysctls:
        description: Kernel settings of the container's own namespaces, like V(net.ipv4.ip_forward).
        type: dict
      devices:
        description: Devices of the host, like V(/dev/fuse) or V(/dev/sda:/dev/xvda:r).
        type: list
        elements: str
      device_cgroup_rules:
        description: Rules for devices that the container may make itself, like V(c 10:229 rw).
        type: list
        elements: str
      cap_drop:
        description: Capabilities to take away, V(ALL) among them.
        type: list
        elements: str
      cap_add:
        description: Capabilities to give.
        type: list
        elements: str
        aliases: [capabilities]
      security_opts:
        description:
          - Security options in the engine's words, like V(no-new-privileges), V(label=level:s0:c1,c2) or
            V(seccomp=unconfined).
          - V(seccomp=/path) reads a profile from that file on the target.
        type: list
        elements: str
      privileged:
        description: All rights on the host. Here for the controls of the isolation tests.
        type: bool
      read_only:
        description: Root file system that cannot be written.
        type: bool
      init:
        description: A small init process that reaps children and passes signals on.
        type: bool
      tmpfs:
        description: File systems in memory, mount options by absolute path.
        type: dict
      volumes:
        description:
          - Mounts in the short form, like V(/data), V(data:/srv) or V(/srv/a:/a:ro,Z).
          - Unlike with C(docker run -v), a missing path on the host is an error, except with V(z) and V(Z).
        type: list
        elements: str
      mounts:
        description: Mounts in the long form.
        type: list
        elements: dict
        suboptions:
          type:
            description: Kind of mount.
            type: str
            choices: [bind, volume, tmpfs]
            default: volume
          source:
            description:
              - Path on the host, or name of the volume. A missing path is an error, except with
                O(containers[].mounts[].selinux).
            type: str
          target:
            description: Absolute path in the container.
            type: str
            required: true
          read_only:
            description: Whether the container may not write.
            type: bool
          propagation:
            description: Propagation of a bind; the engine's default is V(rprivate).
            type: str
            choices: [rprivate, private, rshared, shared, rslave, slave]
          selinux:
            description:
              - Relabels the source of a bind, V(private) for this container alone (C(:Z)), V(shared) for all (C(:z)).
            type: str
            choices: [private, shared]
          no_copy:
            description: Leaves a new volume empty instead of copying the image's content.
            type: bool
          size:
            description: Size of a tmpfs, like V(16m).
            type: str
          mode:
            description: Mode of a tmpfs, octal and quoted, like V('1777').
            type: str
      storage_opt:
        description: Options of the storage driver, like V(size=5g), as a dictionary.
        type: dict
      networks:
        description: Networks to be in; the first one is the default route.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the network.
            type: str
            required: true
          aliases:
            description: Further names in this network.
            type: list
            elements: str
          ipv4_address:
            description: Fixed address; the network needs a subnet of its own.
            type: str
          ipv6_address:
            description: Fixed address of version 6.
            type: str
      network_mode:
        description: V(none), V(host) or V(bridge), instead of O(containers[].networks).
        type: str
      ports:
        description:
          - Ports to publish, like V(80), V(8080:80), V(127.0.0.1:8080:80/udp) or V(8000-8005:80-85).
          - Two containers of the task that want the same port of the host are a mistake that is named at once.
        type: list
        elements: str
        aliases: [published_ports]
      dns:
        description: Name servers, in the order in which they are asked.
        type: list
        elements: str
        aliases: [dns_servers]
      dns_search:
        description: Domains to look for short names in.
        type: list
        elements: str
        aliases: [dns_search_domains]
      dns_options:
        description: Options of the resolver, like V(ndots:2).
        type: list
        elements: str
        aliases: [dns_opts]
      extra_hosts:
        description: Further lines of C(/etc/hosts), addresses by name. V(host-gateway) is the host.
        type: dict
        aliases: [etc_hosts]
      cgroup_parent:
        description: Parent control group; a slice like V(classroom.slice) where the engine uses systemd.
        type: str
      pid_mode:
        description: V(host) shares the host's processes.
        type: str
      ipc_mode:
        description: V(private), V(shareable), V(none) or V(host).
        type: str
      uts_mode:
        description: V(host) shares the host's name.
        type: str
      userns_mode:
        description: V(host) switches user namespaces off where the engine uses them.
        type: str
      cgroupns_mode:
        description: V(private) or V(host).
        type: str
      runtime:
        description: The engine's runtime, like V(runc) or V(kata). Without it the engine's default.
        type: str
      log_driver:
        description: Where the output goes, like V(json-file), V(journald) or V(none). Without it the engine's default.
        type: str
      log_options:
        description: Options of the log driver, like V(max-size). Those that only the engine's configuration sets are
          not seen as a difference.
        type: dict
      healthcheck:
        description: How the engine finds out whether the container is healthy. What is left open the image decides.
        type: dict
        suboptions:
          test:
            description:
              - A list that begins with V(CMD) or V(CMD-SHELL), or one line for the shell, or V([NONE]) to switch off
                the check of the image.
            type: list
            elements: str
          interval:
            description: Time between two checks, like V(30s) or V(1m30s).
            type: str
          timeout:
            description: Time that one check may take.
            type: str
          start_period:
            description: Time at the beginning in which failures do not count.
            type: str
          start_interval:
            description:
              - Time between two checks in O(containers[].healthcheck.start_period). Needs Docker 25 (API 1.44).
            type: str
          retries:
            description: Failures in a row that make the container unhealthy.
            type: int
      restart_policy:
        description: V(no), V(always), V(unless-stopped), V(on-failure) or V(on-failure:3). Without it V(no).
        type: str
      stop_signal:
        description: Signal that asks the command to stop, like V(SIGINT). Without it the image's, then V(SIGTERM).
        type: str
      stop_timeout:
        description: Seconds that the container gets to stop before it is killed; the engine's default is 10.
        type: int
      wait_healthy:
        description:
          - Seconds in which the container has to become healthy, or it counts as failed. V(0) waits for nothing.
          - The container or its image needs a health check. Those that nothing changed are waited for too.
        type: int
      state:
        description: What shall be; without it O(state).
        type: str
        choices: [started, stopped, absent, restarted]
  containers:
    description: The containers. What is said of O(defaults) holds for each of them too.
    type: list
    elements: dict
    default: []
    suboptions:
      <<: *shared
      name:
        description: Name of the container.
        type: str
        required: true
      depends_on:
        description:
          - Containers of the task that are started before this one, and have to be healthy where they have
            O(containers[].wait_healthy). This one is left as it is when one of them fails.
          - Stops and removals go in the opposite direction.
        type: list
        elements: str
"""
