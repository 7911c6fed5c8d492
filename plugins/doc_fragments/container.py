# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of one container, said once and used for `containers` and `defaults`."""

    DOCUMENTATION = r"""
options:
  containers:
    description: The containers.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the container.
        type: str
        required: true
      image: &image
        description: Image, by name and tag, by digest or by id. It has to be on the engine already.
        type: str
      command: &command
        description: Command, as a list of words. Without it the image's own.
        type: list
        elements: str
      entrypoint: &entrypoint
        description: Entrypoint, as a list of words. An empty list takes the image's entrypoint away.
        type: list
        elements: str
      env: &env
        description: Environment, merged over that of O(defaults). Results and diffs hide the values.
        type: dict
      secret_env: &secret_env
        description: Like O(containers[].env), for values that shall not even show with C(-vvv) or in a system log.
        type: dict
      user: &user
        description: User, or user and group, like V(1000:1000).
        type: str
      workdir: &workdir
        description: Folder that the command starts in.
        type: str
      hostname: &hostname
        description: Host name. Without it the engine uses the short id.
        type: str
      labels: &labels
        description: Labels, merged over those of O(defaults) and O(labels).
        type: dict
      memory: &memory
        description: Limit of memory, like V(256m). V(0) is refused, because it would mean no limit.
        type: str
      memory_swap: &memory_swap
        description: Limit of memory and swap together. Equal to O(containers[].memory) means no swap, V(-1) no limit.
        type: str
      memory_reservation: &memory_reservation
        description: Memory that is left to the container when the host runs short.
        type: str
      cpus: &cpus
        description: Processors, like V(0.5).
        type: float
      cpu_shares: &cpu_shares
        description: Weight against other containers when processors are short; the engine's default is 1024.
        type: int
      pids_limit: &pids_limit
        description: Limit of processes, or V(-1). V(0) is refused, because it would mean no limit.
        type: int
      ulimits: &ulimits
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
      cap_drop: &cap_drop
        description: Capabilities to take away, V(ALL) among them.
        type: list
        elements: str
      cap_add: &cap_add
        description: Capabilities to give.
        type: list
        elements: str
      security_opts: &security_opts
        description:
          - Security options in the engine's words, like V(no-new-privileges), V(label=level:s0:c1,c2) or
            V(seccomp=unconfined).
          - V(seccomp=/path) reads a profile from that file on the target.
        type: list
        elements: str
      privileged: &privileged
        description: All rights on the host. Here for the controls of the isolation tests.
        type: bool
      read_only: &read_only
        description: Root file system that cannot be written.
        type: bool
      init: &init
        description: A small init process that reaps children and passes signals on.
        type: bool
      tmpfs: &tmpfs
        description: File systems in memory, mount options by absolute path.
        type: dict
      mounts: &mounts
        description: Mounts.
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
      storage_opt: &storage_opt
        description: Options of the storage driver, like V(size=5g), as a dictionary.
        type: dict
      networks: &networks
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
            description: Fixed address.
            type: str
      network_mode: &network_mode
        description: V(none), V(host) or V(bridge), instead of O(containers[].networks).
        type: str
      cgroup_parent: &cgroup_parent
        description: Parent control group; a slice like V(classroom.slice) where the engine uses systemd.
        type: str
      pid_mode: &pid_mode
        description: V(host) shares the host's processes.
        type: str
      ipc_mode: &ipc_mode
        description: V(private), V(shareable), V(none) or V(host).
        type: str
      uts_mode: &uts_mode
        description: V(host) shares the host's name.
        type: str
      userns_mode: &userns_mode
        description: V(host) switches user namespaces off where the engine uses them.
        type: str
      cgroupns_mode: &cgroupns_mode
        description: V(private) or V(host).
        type: str
      restart_policy: &restart_policy
        description: V(no), V(always), V(unless-stopped), V(on-failure) or V(on-failure:3). Without it V(no).
        type: str
      stop_timeout: &stop_timeout
        description: Seconds that the container gets to stop before it is killed; the engine's default is 10.
        type: int
      state: &state
        description: What shall be; without it O(state).
        type: str
        choices: [started, stopped, absent]
  defaults:
    description: What containers have in common. Each option stands for those that a container does not give itself.
    type: dict
    default: {}
    suboptions:
      image: *image
      command: *command
      entrypoint: *entrypoint
      env: *env
      secret_env: *secret_env
      user: *user
      workdir: *workdir
      hostname: *hostname
      labels: *labels
      memory: *memory
      memory_swap: *memory_swap
      memory_reservation: *memory_reservation
      cpus: *cpus
      cpu_shares: *cpu_shares
      pids_limit: *pids_limit
      ulimits: *ulimits
      cap_drop: *cap_drop
      cap_add: *cap_add
      security_opts: *security_opts
      privileged: *privileged
      read_only: *read_only
      init: *init
      tmpfs: *tmpfs
      mounts: *mounts
      storage_opt: *storage_opt
      networks: *networks
      network_mode: *network_mode
      cgroup_parent: *cgroup_parent
      pid_mode: *pid_mode
      ipc_mode: *ipc_mode
      uts_mode: *uts_mode
      userns_mode: *userns_mode
      cgroupns_mode: *cgroupns_mode
      restart_policy: *restart_policy
      stop_timeout: *stop_timeout
      state: *state
"""
