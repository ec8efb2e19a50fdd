"""The SDK's nouns on a real containerd."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import chub
from chub.settings import Settings


def test_a_run_to_its_end(client: chub.Client, image: str) -> None:
    """Exit code, both streams, times; and nothing is left."""
    result = client.containers.run(image, ["sh", "-c", "echo out; echo err >&2; exit 3"])

    assert (result.exit_code, result.stdout, result.stderr, result.text) == (3, b"out\n", b"err\n", "out\n")
    assert result.started <= result.finished
    assert client.containers.list(all=True) == ()


def test_checking(client: chub.Client, image: str) -> None:
    """`check` gives the result of a program that succeeded, and raises for another, with its last words."""
    assert client.containers.run(image, ["echo", "hi"]).check().text == "hi\n"
    with pytest.raises(chub.ProgramFailed, match="exit code 2: last words") as raised:
        client.containers.run(image, ["sh", "-c", "echo first >&2; echo last words >&2; exit 2"]).check()
    assert raised.value.result.exit_code == 2


def test_input(client: chub.Client, image: str) -> None:
    """Bytes go in and come out as they are, more than a pipe holds."""
    data = bytes(range(256)) * 4096

    assert data == client.containers.run(image, ["cat"], input=data).stdout


def test_input_nobody_reads(client: chub.Client, image: str) -> None:
    """A program that does not read its input ends all the same."""
    assert client.containers.run(image, ["true"], input=b"x" * (1 << 20)).exit_code == 0


def test_groups_of_options(client: chub.Client, image: str, tmp_path: Path) -> None:
    """The same as the command line's flags, typed."""
    (tmp_path / "file").write_text("content\n")
    tmp_path.chmod(0o755)
    result = client.containers.run(
        image,
        ["sh", "-c", "id -u; echo $A; cat /m/file; hostname; ulimit -n; touch /x || echo read-only"],
        process=chub.Process(user="u", env=("A=1",)),
        mounts=chub.Mounts(
            mounts=(chub.Mount(kind=chub.MountKind.BIND, source=str(tmp_path), target="/m", read_only=True),)
        ),
        network=chub.Network(hostname="box"),
        resources=chub.Resources(ulimits=(chub.Ulimit(name="nofile", soft=99, hard=99),)),
        security=chub.Security(read_only=True, cap_drop=("ALL",)),
    )

    assert result.text.split("\n")[:6] == ["1000", "1", "content", "box", "99", "read-only"]


@pytest.mark.usefixtures("kept_rootfs")
def test_a_rootfs_directory(client: chub.Client, busybox: Path) -> None:
    """A directory is run without an image."""
    assert client.containers.run(busybox, ["echo", "hi"], rootfs=True).text == "hi\n"


def test_kept_containers(client: chub.Client, image: str) -> None:
    """A container that is not removed can be got by name and id, listed, inspected, and removed."""
    ran = client.containers.run(image, ["sh", "-c", "exit 4"], name="web", remove=False)

    for word in ("web", ran.id, ran.id[:8]):
        assert ran.id == client.containers.get(word).id
    web = client.containers.get("web")
    assert (web.name, web.state, web.exit_code, web.pid) == ("web", "exited", 4, 0)
    assert web.inspect()["State"]["ExitCode"] == 4
    web.remove()
    with pytest.raises(chub.NotFound, match="No such container: web"):
        client.containers.get("web")


def test_errors_have_classes_and_hints(client: chub.Client, image: str) -> None:
    """Branch on the class; the hint says what to do."""
    with pytest.raises(chub.NotFound):
        client.containers.run("nosuch")
    with pytest.raises(chub.ProgramNotFound) as raised:
        client.containers.run(image, ["nosuch"])
    assert "PATH" in raised.value.hint
    with pytest.raises(chub.Invalid):
        client.containers.run(image, ["true"], name="x")
    assert client.containers.list(all=True) == ()


def test_no_engine() -> None:
    """It is Unavailable, with a hint, at the first call."""
    with chub.Client("/nonexistent/containerd.sock") as client, pytest.raises(chub.Unavailable) as raised:
        client.containers.list()
    assert raised.value.hint


@pytest.mark.nightly
def test_threads_share_a_client(client: chub.Client, image: str) -> None:
    """Forty runs in eight threads, each with its own output."""
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: client.containers.run(image, ["echo", str(number)]), range(40)))

    assert [f"{number}\n" for number in range(40)] == [each.text for each in results]
    assert client.containers.list(all=True) == ()


def test_nothing_of_a_run_is_left_in_this_process(client: chub.Client, image: str) -> None:
    """No thread and no descriptor stays behind."""

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    client.containers.run(image, ["true"], input=b"x")
    before = threading.active_count(), descriptors()
    for _ in range(5):
        client.containers.run(image, ["true"], input=b"x")

    assert before == (threading.active_count(), descriptors())


def test_an_interrupted_run_leaves_nothing(client: chub.Client, image: str, settings: Settings) -> None:
    """A KeyboardInterrupt in the middle of a run ends the container and removes it."""
    import _thread

    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        client.containers.run(image, ["sleep", "60"])

    assert client.containers.list(all=True) == ()
