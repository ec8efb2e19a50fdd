"""Docker's default container as data: what every container gets unless it asks for something else.

The values are those of the spec that docker 28 gives runc for ``docker run IMAGE``.
"""

from typing import Any, TypeAlias

Spec: TypeAlias = dict[str, Any]  # an OCI runtime spec, ready for JSON

OCI_VERSION = "1.0.2"  # the lowest that has all we write: crun 1.8 knows nothing above 1.0

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

INIT = "/sbin/docker-init"  # where an init is in the container: docker's place

SHM_SIZE = 64 * 1024 * 1024  # bytes

CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)

MASKED_PATHS = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)

READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

# destination, type, source, options; in the order in which they are mounted
MOUNTS = (
    ("/proc", "proc", "proc", ("nosuid", "noexec", "nodev")),
    ("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    (
        "/dev/pts",
        "devpts",
        "devpts",
        ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
    ),
    ("/sys", "sysfs", "sysfs", ("nosuid", "noexec", "nodev", "ro")),
    ("/sys/fs/cgroup", "cgroup", "cgroup", ("ro", "nosuid", "noexec", "nodev")),
    ("/dev/mqueue", "mqueue", "mqueue", ("nosuid", "noexec", "nodev")),
    ("/dev/shm", "tmpfs", "shm", ("nosuid", "noexec", "nodev", "mode=1777")),
)

# allow, kind, major, minor; None: any. The last match counts.
DEVICE_RULES = (
    (False, None, None, None),
    (True, "c", 1, 5),  # zero
    (True, "c", 1, 3),  # null
    (True, "c", 1, 9),  # urandom
    (True, "c", 1, 8),  # random
    (True, "c", 5, 0),  # tty
    (True, "c", 5, 1),  # console
    (False, "c", 10, 229),  # fuse
)

# Low ports and ping for everyone: harmless in a network namespace of its own.
SYSCTLS = {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.ping_group_range": "0 2147483647",
}
