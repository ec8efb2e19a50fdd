"""docker's default confinement: what a program inside can see and do, in a docker container and in a chub container."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chub.api.services import Services
from chub.settings import Settings
from tests.support.command import Command

PROBE = r"""
$| = 1;
my %skip = map { $_ => 1 } (15, 34, 56, 57, 58, 60, 130, 231);  # end, fork or pause the caller whatever they are given
for my $number (0 .. 470) {
    next if $skip{$number};
    my $child = fork();
    if (!$child) {
        alarm 2;
        $! = 0;
        my $result = syscall($number, -1, -1, -1, -1, -1, -1);
        print "$number ", ($result == -1 ? $! + 0 : "ok"), "\n";
        exit 0;
    }
    waitpid($child, 0);
    print "$number signal ", $? & 127, "\n" if $? & 127;
}
"""
"""Calls every system call with arguments that do nothing, and says with which errno it ends."""


@pytest.fixture(scope="session")
def perl(busybox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The busybox tree with the host's perl (which every Debian has) and the probe."""
    tree = tmp_path_factory.mktemp("perl") / "tree"
    subprocess.run(["cp", "-a", busybox, tree], check=True)
    program = Path(shutil.which("perl", path="/usr/bin") or "/usr/bin/perl")
    linked = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    libraries = {Path(word) for word in linked.split() if word.startswith("/")}
    for file in {program, *libraries}:
        target = tree / file.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file.resolve(), target)
    (tree / "probe.pl").write_text(PROBE)
    return tree


@pytest.fixture
def inside(
    docker: Command, chub: Command, perl: Path, services: Services, settings: Settings
) -> Iterator[tuple[Command, Command]]:
    """Docker and chub with an image "perl" of that tree."""
    tar = subprocess.run(["tar", "-C", perl, "-c", "."], check=True, capture_output=True).stdout
    docker.ok("import", "-", "perl", input=tar)
    chub.ok("rootfs", "import", perl, "perl")
    yield docker, chub
    chub.ok("rmi", "perl")
    docker.ok("rmi", "perl")


FLAGS: tuple[list[str], ...] = (
    [],
    ["--cap-add", "SYS_ADMIN"],
    ["--cap-drop", "SYS_CHROOT"],
    ["-u", "u"],
    ["--privileged"],
)


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_every_system_call_ends_the_same(inside: tuple[Command, Command], flags: list[str]) -> None:
    """Allowed, refused or unknown: the same in both, call by call."""
    words = ["run", "--rm", "--network", "none", *flags, "perl", "perl", "/probe.pl"]
    docker, chub = (each.ok(*words, timeout=120).split("\n") for each in inside)

    assert len(docker) > 400
    assert docker == chub


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_the_same_status(inside: tuple[Command, Command], flags: list[str]) -> None:
    """Capabilities, seccomp, no_new_privs, users and groups of /proc/self/status."""
    script = "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|THP|SigIgn|SigBlk)' /proc/self/status"
    script += "; cat /proc/self/attr/current 2>/dev/null | tr -d '\\0' | sed 's/docker-default/chub-default/'"
    words = ["run", "--rm", "--network", "none", *flags, "perl", "sh", "-c", script]
    docker, chub = (each.ok(*words) for each in inside)

    assert "CapBnd" in docker
    assert docker == chub


@pytest.mark.parametrize("flags", [*FLAGS, ["--read-only"]], ids=" ".join)
def test_the_same_mounts(inside: tuple[Command, Command], flags: list[str]) -> None:
    """Every mount with its type and options; order and the root's own directories apart."""
    script = "sed -E 's/^(overlay) (\\S+) (\\S+) (r[ow]).*/\\1 \\2 \\3 \\4/' /proc/mounts | sort"
    words = ["run", "--rm", "--network", "none", *flags, "perl", "sh", "-c", script]
    docker, chub = (each.ok(*words).split("\n") for each in inside)

    assert docker == chub


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_the_same_devices(inside: tuple[Command, Command], flags: list[str]) -> None:
    """/dev with kinds, numbers, owners and modes; and what of it can be opened."""
    script = (
        "find /dev | sort | while read f; do stat -c '%n %F %t:%T %a %u:%g' $f; done;"
        "mknod /n c 1 3 && echo made; mknod /k c 10 229 && (: < /k) 2>&1; mknod /d b 8 0 && (: < /d) 2>&1"
    )
    words = ["run", "--rm", "--network", "none", *flags, "perl", "sh", "-c", script]
    docker, chub = (each(*words).stdout.split("\n") for each in inside)

    assert docker == chub


def test_the_same_limits_and_paths(inside: tuple[Command, Command]) -> None:
    """Resource limits, the process's oom score, and what is masked or read-only under /proc and /sys."""
    script = (
        "cat /proc/self/limits; cat /proc/self/oom_score_adj;"
        "for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts /sys/firmware /proc/acpi /proc/scsi; do"
        "  ls -ld $f 2>&1 | cut -c1-10; head -c1 $f 2>&1 | od -c | head -1; done;"
        "for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /sys/kernel/uevent_helper; do"
        "  (echo x > $f) 2>&1 | sed 's/.*: //'; done"
    )
    words = ["run", "--rm", "--network", "none", "perl", "sh", "-c", script]
    docker, chub = (each(*words).stdout.split("\n") for each in inside)

    assert docker == chub


def test_the_same_namespaces(inside: tuple[Command, Command]) -> None:
    """Every namespace is the container's own where docker's is, and the host's where docker's is."""
    script = "for n in /proc/self/ns/*; do echo ${n##*/} $(readlink $n); done"
    words = ["run", "--rm", "--network", "none", "perl", "sh", "-c", script]
    host = {each.name: each.readlink().name for each in Path("/proc/self/ns").iterdir()}
    private = []
    for each in inside:
        found = dict(line.split() for line in each.ok(*words).strip().split("\n"))
        private.append({name for name, value in found.items() if host.get(name) != value})

    assert private[0] == private[1]
    assert {"mnt", "net", "pid", "ipc", "uts"} <= private[1]
