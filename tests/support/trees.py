"""Directory trees with everything that a root filesystem may hold."""

from __future__ import annotations

import os
import socket
import stat
import struct
from pathlib import Path

from tests.support.engines import unavailable

NET_RAW = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)  # security.capability: cap_net_raw=ep, revision 2
ACL = struct.pack("<I", 2) + b"".join(  # system.posix_acl_access: u::rw, u:1234:r, g::r, mask::r, o::-
    struct.pack("<HHI", tag, permissions, number)
    for tag, permissions, number in (
        (0x01, 6, 0xFFFFFFFF),
        (0x02, 4, 1234),
        (0x04, 4, 0xFFFFFFFF),
        (0x10, 4, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF),
    )
)
OLD = 1_600_000_000_000_000_000  # nanoseconds: long ago


def rich(tree: Path) -> Path:
    """Make a tree with files, links, devices, FIFOs, owners, modes, times to the nanosecond, and attributes."""
    if os.geteuid() != 0:
        unavailable("owners and devices need root")
    for name in ("bin", "etc", "dev", "empty", "var/deep/er"):
        (tree / name).mkdir(parents=True)
    (tree / "bin/ping").write_bytes(b"\x7fELF" + b"p" * 5000)
    os.chown(tree / "bin/ping", 0, 1234)
    (tree / "bin/ping").chmod(0o4750)
    os.setxattr(tree / "bin/ping", "security.capability", NET_RAW)
    (tree / "bin/ping6").hardlink_to(tree / "bin/ping")
    (tree / "bin/sh").symlink_to("/bin/ping")
    (tree / "etc/shadow").write_text("root:*\n")
    (tree / "etc/shadow").chmod(0o640)
    os.chown(tree / "etc/shadow", 3_000_000, 3_000_001)
    os.setxattr(tree / "etc/shadow", "user.note", b"zero\0byte")
    os.setxattr(tree / "etc/shadow", "trusted.secret", b"x")
    os.setxattr(tree / "etc/shadow", "system.posix_acl_access", ACL)
    (tree / "etc" / ("long" * 30)).write_text("long")
    (tree / "etc" / "ünï\tcödé").write_text("x")
    (tree / os.fsdecode(b"etc/\xff\xfe")).write_text("no utf-8")
    os.mknod(tree / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(tree / "dev/loop", stat.S_IFBLK | 0o660, os.makedev(7, 200))
    os.mkfifo(tree / "dev/fifo", 0o620)
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(tree / "dev")  # a socket's path has to be short
        listening.bind("socket")
        os.chdir("/")
    (tree / "var/deep/er/sticky").mkdir()
    (tree / "var/deep/er/sticky").chmod(0o1777)
    age(tree)
    return tree


def age(tree: Path) -> None:
    """Give everything below old times that differ to the nanosecond, and access times that reading would change."""
    number = 0
    for directory, names, files in os.walk(tree, topdown=False):
        for name in sorted([*names, *files]):
            number += 1
            times = (OLD - 10**12, OLD + number * 1_000_000_007)
            os.utime(os.path.join(directory, name), ns=times, follow_symlinks=False)
    os.utime(tree, ns=(OLD - 10**12, OLD))


def access_times(tree: Path) -> dict[str, int]:
    """The access time (nanoseconds) of everything in a tree, without touching any."""
    found = {}
    pending = [tree]
    while pending:
        path = pending.pop()
        found[str(path)] = path.lstat().st_atime_ns
        if not path.is_symlink() and path.is_dir():
            fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
            pending.extend(path / name for name in os.listdir(fd))
            os.close(fd)
    return found
