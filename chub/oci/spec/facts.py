"""What a spec depends on and cannot find out itself: it is looked up outside, and handed in."""

from dataclasses import field

from chub.records import record


@record
class HostDevice:
    """A device node of the host."""

    path: str
    kind: str  # c: character, b: block
    major: int
    minor: int
    mode: int = 0o666  # permission bits
    uid: int = 0
    gid: int = 0
    permissions: str = "rwm"


@record
class Host:
    """The machine that the container will run on."""

    name: str = ""  # its host name
    machine: str = "x86_64"  # as in uname -m
    kernel: tuple[int, int] = (5, 12)  # version and patch level
    cgroup: int = 2  # 1: the version 1 hierarchies, also beside an empty version 2; 2: version 2 alone
    capabilities: tuple[str, ...] = ()  # the bounding set, CAP_ names in the kernel's order
    seccomp: bool = True  # the kernel filters system calls
    has_apparmor: bool = False  # the kernel confines by AppArmor
    apparmor: str = ""  # profile for containers that name none, loaded; empty: none
    devices: tuple[HostDevice, ...] = ()  # needed by a privileged container only

    @property
    def recursive_read_only(self) -> bool:
        """Whether a bind mount can be made read-only with all that is mounted below it."""
        return self.kernel >= (5, 12)


@record
class Facts:
    """All that :func:`chub.oci.spec.build.build` needs beside the request and the image's config."""

    id: str  # of the container: 64 hexadecimal digits
    host: Host = field(default_factory=Host)
    uid: int = 0  # the user and groups that were asked for, as the root filesystem resolves them
    gid: int = 0
    groups: tuple[int, ...] = ()  # supplementary; the primary one may be missing
    hosts_path: str = ""  # file to bind over /etc/hosts; empty: the image's own, also below
    hostname_path: str = ""
    resolv_conf_path: str = ""
    init_path: str = ""  # program of the host to bind over INIT; empty: none
    devices: tuple[HostDevice, ...] = ()  # those of the host that were asked for, by their paths in the container
    console: tuple[int, int] | None = None  # height and width of the terminal, in characters
