"""Namespaces of the host and of other containers, devices, and the cgroup, as a program inside finds them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import chub as public
from chub.core import joining

if TYPE_CHECKING:
    from chub.sdk.client import Client
    from tests.support.command import Command

SHOW = "for n in ipc pid uts net; do readlink /proc/self/ns/$n; done; hostname; echo $HOSTNAME"
KINDS = ("ipc", "pid", "uts", "net")


def seen(text: str) -> dict[str, str]:
    """What `SHOW` printed: namespaces by kind, and the host name twice."""
    return dict(zip((*KINDS, "hostname", "variable"), text.split(), strict=True))


def test_the_hosts(chub: Command, image: str) -> None:
    """With each its own flag; /dev/shm goes with ipc, and the host name is the host's."""
    host = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in KINDS}
    flags = ("--ipc", "host", "--pid", "host", "--uts", "host", "--network", "host")
    found = seen(chub.ok("run", "--rm", *flags, image, "sh", "-c", SHOW))

    assert {kind: found[kind] for kind in KINDS} == host
    assert found["hostname"] == os.uname().nodename
    shm = chub.ok("run", "--rm", "--ipc", "host", image, "stat", "-c", "%d", "/dev/shm")
    assert shm.strip() == str(os.stat("/dev/shm").st_dev)
    assert chub.ok("run", "--rm", "--ipc", "none", image, "ls", "/dev").split().count("shm") == 0


@pytest.mark.nightly
def test_another_containers(chub: Command, image: str) -> None:
    """All three of a container that shares; its /dev/shm, host name and /etc too, again when both start again."""
    chub.ok("run", "-d", "--name", "donor", "--ipc", "shareable", "--shm-size", "2m", image, "sleep", "1000")
    script = f"{SHOW}; echo x > /dev/shm/new; grep -c /dev/shm /proc/mounts >&2; cat /etc/hosts >&2"
    all = ("--network", "container:donor", "--ipc", "container:donor", "--pid", "container:donor")
    chub.ok("create", "--name", "guest", *all, image, "sh", "-c", script)

    for _ in range(2):
        donor = seen(chub.ok("exec", "donor", "sh", "-c", SHOW))
        started = chub("start", "-a", "guest")
        guest = seen(started.stdout)
        assert {kind: guest[kind] for kind in ("ipc", "pid", "net")} == {
            kind: donor[kind] for kind in ("ipc", "pid", "net")
        }
        assert guest["hostname"] == guest["variable"] == donor["hostname"]
        assert guest["uts"] != donor["uts"]
        assert chub.ok("exec", "donor", "sh", "-c", "cat /dev/shm/new; rm /dev/shm/new") == "x\n"
        assert started.stderr == "1\n" + chub.ok("exec", "donor", "cat", "/etc/hosts")
        chub.ok("restart", "-t", "0", "donor")

    id = chub.ok("inspect", "-f", "{{.Id}}", "donor").strip()
    shown = json.loads(chub.ok("inspect", "guest"))[0]["HostConfig"]
    assert [shown[key] for key in ("NetworkMode", "IpcMode", "PidMode")] == [f"container:{id}"] * 3
    chub.ok("stop", "-t", "0", "donor")
    ended = chub("start", "guest")
    assert ended.exit_status == 1
    assert "cannot join network namespace of a non running container: container donor is exited" in ended.stderr
    chub.ok("rm", "-f", "donor", "guest")


def test_a_pid_that_comes_again(client: Client, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container whose donor ends while it is set up does not start in a stranger's namespace."""
    donor = client.containers.launch(public.Request(image=image, words=("sleep", "1000")))
    network = public.Network(network=f"container:{donor.id}")
    guest = client.containers.create(public.Request(image=image, words=("true",), network=network))
    ticks = iter((1, 2))
    monkeypatch.setattr(joining, "start_ticks", lambda pid: next(ticks))

    with pytest.raises(public.Conflict, match="cannot join network namespace of a non running container"):
        guest.start()

    assert guest.reload().state == "created"
    guest.remove()
    donor.remove(force=True)


def test_devices(chub: Command, image: str, tmp_path: Path) -> None:
    """Under another path, to read alone; a rule lets nodes be made of others; none that is not there."""
    flags = ("--device", "/dev/fuse:/dev/x:r", "--device-cgroup-rule", "c 10:200 rwm")
    script = "true < /dev/x && echo yes; true > /dev/x || echo no; mknod /dev/y c 10 200 && true < /dev/y && echo yes"
    assert chub.ok("run", "--rm", *flags, image, "sh", "-c", script).split() == ["yes", "no", "yes"]
    assert "crw" in chub.ok("run", "--rm", "--device", "/dev/net:/dev/far", image, "ls", "-l", "/dev/far/tun")

    (tmp_path / "dev").symlink_to("/dev/zero")
    chub.ok("create", "--name", "web", "--device", f"{tmp_path}/dev:/dev/x", image, "head", "-c", "1", "/dev/x")
    assert chub("start", "-a", "web").stdout == "\0"
    (tmp_path / "dev").unlink()
    ended = chub("start", "-a", "web")
    assert ended.exit_status == 1
    assert f'while adding custom device "{tmp_path}/dev": no such file or directory' in ended.stderr
    chub.ok("rm", "web")


def test_a_cgroup_below_another(chub: Command, image: str) -> None:
    """The container's is made in the one that is named; what the kernel counts there is found."""
    parent = f"chub-t/{os.getpid()}"
    flags = ("-m", "20m", "--memory-swap", "20m", "--cgroup-parent", parent)
    id = chub.ok("run", "-d", "--name", "web", *flags, image, "sh", "-c", "tail /dev/zero; exec sleep 1000").strip()
    pid = chub.ok("inspect", "-f", "{{.State.Pid}}", "web").strip()
    assert f"/{parent}/{id}" in Path(f"/proc/{pid}/cgroup").read_text()
    chub.ok("kill", "web")
    assert chub.ok("inspect", "-f", "{{.State.OOMKilled}}", "web") == "true\n"
    chub.ok("rm", "web")
    for place in Path("/sys/fs/cgroup").glob(f"**/{parent}"):
        place.rmdir()
        place.parent.rmdir()
