"""A recorded host: one container of containerd 1.7's, on a host with both versions of cgroups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chub.chain.host import Host

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE, ID = "demo", "web"
SOCKET = "/run/containerd/containerd.sock"
CONTAINERD, SHIM, INIT, CHILD = 90, 100, 200, 201
BUNDLE = f"/run/containerd/io.containerd.runtime.v2.task/{NAMESPACE}/{ID}"
RUNC_ROOT = "/run/containerd/runc"
SNAPSHOTS = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots"
OWN = {"mnt": 4026532253, "pid": 4026532256, "net": 4026532257, "ipc": 4026532255, "uts": 4026532254}
HOSTS = {"mnt": 4026531832, "pid": 4026531836, "net": 4026531833, "ipc": 4026531839, "uts": 4026531838}
SHARED = {"user": 4026531837, "cgroup": 4026531835}

STATUS = """\
Name:\tsleep
State:\tS (sleeping)
Pid:\t{pid}
PPid:\t{parent}
Uid:\t1000\t1000\t1000\t1000
Gid:\t1001\t1001\t1001\t1001
Groups:\t10 1001
NSpid:\t{pid}\t{inside}
CapEff:\t00000000a80425fb
CapBnd:\t00000000a80425fb
NoNewPrivs:\t1
Seccomp:\t2
"""


class Recorder:
    """Writes a host's files below a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: str) -> None:
        """A file of the host."""
        where = self.root / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content.encode(errors="surrogateescape"))

    def link(self, path: str, target: str) -> None:
        """A symbolic link of the host."""
        where = self.root / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.unlink(missing_ok=True)
        where.symlink_to(target)

    def process(
        self, pid: int, parent: int, words: tuple[str, ...], namespaces: dict[str, int], *, start: int = 64000
    ) -> None:
        """A process in ``/proc``."""
        at = f"/proc/{pid}"
        self.write(f"{at}/cmdline", "".join(f"{word}\0" for word in words))
        self.write(f"{at}/status", STATUS.format(pid=pid, parent=parent, inside=1 if pid == INIT else 7))
        self.write(f"{at}/stat", f"{pid} (a) b) (c) S {parent} {' '.join(['0'] * 17)} {start} 0 0")
        for kind, inode in namespaces.items():
            self.link(f"{at}/ns/{kind}", f"{kind}:[{inode}]")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """The recorded host, to be changed by a test."""
    made = Recorder(tmp_path)
    shim = ("/usr/bin/containerd-shim-runc-v2", "-namespace", NAMESPACE, "-id", ID, "-address", SOCKET)
    made.process(1, 0, ("/sbin/init",), HOSTS | SHARED)
    made.process(CONTAINERD, 1, ("/usr/bin/containerd",), HOSTS | SHARED)
    made.process(SHIM, 1, shim, HOSTS | SHARED)
    made.process(INIT, SHIM, ("sleep", "1 000"), OWN | SHARED, start=64529)
    made.process(CHILD, INIT, ("sh", "-c", "true"), OWN | SHARED)
    made.link("/proc/self", str(CONTAINERD))
    made.write("/proc/stat", "cpu 1 2 3\nbtime 1795508569\nprocesses 7\n")
    made.link(f"/proc/{SHIM}/cwd", BUNDLE)
    made.link(f"/proc/{SHIM}/exe", shim[0])
    made.write(f"/proc/{SHIM}/environ", "PATH=/nowhere\0NAMESPACE=demo\0")
    made.link(f"/proc/{INIT}/exe", "/bin/busybox")
    overlay = f"lowerdir={SNAPSHOTS}/2/fs:{SNAPSHOTS}/1/fs,upperdir={SNAPSHOTS}/3/fs"
    made.write(
        f"/proc/{INIT}/mountinfo",
        f"121 69 0:52 / / rw,relatime - overlay overlay rw,{overlay}\n122 121 0:55 / /proc rw - proc proc rw\n",
    )
    made.write(f"/proc/{INIT}/cgroup", f"9:name=systemd:/{NAMESPACE}/{ID}\n8:memory:/{NAMESPACE}/{ID}\n0::/\n")
    made.write(f"/proc/{CHILD}/cgroup", f"8:memory:/{NAMESPACE}/{ID}\n")
    made.write(
        f"/proc/{CONTAINERD}/mountinfo",
        "1 0 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "2 0 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "3 0 0:3 /a\\040b /mnt/with\\040space rw - ext4 /dev/vda rw\n",
    )
    (tmp_path / f"sys/fs/cgroup/memory/{NAMESPACE}/{ID}").mkdir(parents=True)
    made.write(f"{BUNDLE}/address", "unix:///run/containerd/s/abc")
    made.write(f"{BUNDLE}/shim-binary-path", shim[0])
    made.write(f"{BUNDLE}/init.pid", str(INIT))
    made.write(f"{BUNDLE}/config.json", '{"ociVersion":"1.0.2"}')
    state = {
        "id": ID,
        "init_process_pid": INIT,
        "init_process_start": 64529,
        "created": "2026-11-24T08:33:34.7Z",
        "cgroup_paths": {
            "memory": f"/sys/fs/cgroup/memory/{NAMESPACE}/{ID}",
            "": "/sys/fs/cgroup/unified/other",
        },
        "config": {"labels": [f"bundle={BUNDLE}"]},
    }
    made.write(f"{RUNC_ROOT}/{NAMESPACE}/{ID}/state.json", json.dumps(state))
    return made


@pytest.fixture
def host(recorder: Recorder) -> Host:
    """The recorded host."""
    return Host(recorder.root)
