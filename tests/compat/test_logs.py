"""`docker logs` and `chub logs` of the same containers of docker 28. Numbers are the cases of docs/docker.md."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command import CHUB, Command, Ended
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; sleep 0.02; done"
LONG = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short"
MANY = "i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo line $i; done"
ROTATING = ("--log-opt", "max-size=10k", "--log-opt", "max-file=3")
PATIENCE = 30.0  # seconds


@pytest.fixture
def directory(docker: Command) -> Path:
    """Where the private docker lives."""
    return Path(docker.words[2].removeprefix("unix://")).parent


@pytest.fixture(params=["asked", "away"])
def beside(request: pytest.FixtureRequest, directory: Path, roots: tuple[Path, Path]) -> Command:
    """A chub at docker's containerd, which may ask docker for the files or has to find them."""
    socket = directory / "docker.sock" if request.param == "asked" else directory / "nobody.sock"
    words = [str(CHUB), "--address", str(directory / "containerd" / "containerd.sock"), "--namespace", "moby"]
    env = {"CHUB_DATA_ROOT": str(roots[0]), "CHUB_STATE_ROOT": str(roots[1]), "DOCKER_HOST": f"unix://{socket}"}
    return Command(words=words, env=env)


@contextmanager
def made(docker: Command, image: str, script: str, *flags: str) -> Iterator[str]:
    """The id of a container of docker's whose program has written what `script` writes, and stays."""
    words = ("--detach", "--network", "none", *flags, image, "sh", "-c", f"{script}; touch /done; exec sleep 1000")
    id = docker.ok("run", *words).strip()
    try:
        wait_until(lambda: docker("exec", id, "ls", "/done").exit_status == 0, PATIENCE, "the end of the script")
        yield id
    finally:
        docker("rm", "--force", id)


def same(docker: Command, chub: Command, id: str, *flags: str) -> str:
    """What both say on stdout; docker may be about to write the last lines."""

    def agreed() -> list[Ended]:
        theirs, ours = docker("logs", *flags, id), chub("logs", *flags, id)
        return [theirs] if theirs == ours else []

    (ended,) = wait_until(agreed, PATIENCE, "the same from both")
    assert ended.exit_status == 0
    return ended.stdout


FLAGS = ["", "-t", "-n 3", "-n 0", "--tail 7 -t", "--tail bogus", "--since 1h", "--since 0s", "--until 1h", "--details"]


@pytest.mark.parametrize("flags", [*FLAGS, "--until 0s", "--details -t -n 2", "--since 2020-01-01T00:00:00Z -n 1"])
def test_both_streams(docker: Command, docker_image: str, beside: Command, flags: str) -> None:
    """54: byte for byte, on the same stream."""
    with made(docker, docker_image, BOTH) as id:
        same(docker, beside, id, *flags.split())


def test_since_and_until_a_line(docker: Command, docker_image: str, beside: Command) -> None:
    """54: the moment of a line in the middle is the same moment to both."""
    with made(docker, docker_image, BOTH) as id:
        moments = [line.split()[0] for line in docker.ok("logs", "-t", id).splitlines()]
        assert len(moments) == 5
        assert same(docker, beside, id, "--since", moments[2]) == "out 3\nout 4\nout 5\n"
        assert same(docker, beside, id, "--until", moments[2]) == "out 1\nout 2\nout 3\n"
        assert same(docker, beside, id, "--since", moments[1], "--until", moments[3], "-n", "5").endswith("out 4\n")
        assert same(docker, beside, id, "--until", moments[2], "-n", "2") == ""


def test_a_terminal(docker: Command, docker_image: str, beside: Command) -> None:
    r"""45: both streams in one, with \r\n."""
    with made(docker, docker_image, BOTH, "-t") as id:
        assert same(docker, beside, id, "-n", "2") == "out 5\r\nerr 5\r\n"


def test_a_long_line_stays_whole(docker: Command, docker_image: str, beside: Command) -> None:
    """54: docker keeps it in pieces, and shows times and counts by piece; chub does not."""
    with made(docker, docker_image, LONG) as id:
        assert same(docker, beside, id) == "x" * 40000 + "\nshort\n"
        assert beside.ok("logs", "-n", "2", id) == "x" * 40000 + "\nshort\n"
        assert re.fullmatch(r"\S{30} x{40000}\n\S{30} short\n", beside.ok("logs", "-t", id))
        assert same(docker, beside, id, "-t", "-n", "1").endswith(" short\n")


@pytest.mark.parametrize("flags", ["", "-t", "-n 3"])
def test_details(docker: Command, docker_image: str, beside: Command, flags: str) -> None:
    """54: what --log-opt asks docker to write beside each line."""
    options = ["--label", "foo=bar", "--label", "baz=a,b", "-e", "ENVV=1", "-e", "SP=x y", "-e", "NOT=1"]
    options += ["--log-opt", "labels=foo,baz", "--log-opt", "env=ENVV,SP"]
    with made(docker, docker_image, BOTH, *options) as id:
        told = same(docker, beside, id, "--details", *flags.split())
    assert "ENVV=1,SP=x+y,baz=a%2Cb,foo=bar out 5\n" in told


@pytest.mark.parametrize("compress", ["true", "false"])
@pytest.mark.parametrize("flags", ["", "-t -n 200", "-n 3", "--since 1h", "--details"])
def test_rotated(docker: Command, docker_image: str, beside: Command, compress: str, flags: str) -> None:
    """54: what was rotated away and is still there comes first."""
    options = (*ROTATING, "--log-opt", f"compress={compress}")
    with made(docker, docker_image, MANY.format(count=500), *options) as id:
        assert same(docker, beside, id, *flags.split()).endswith("line 500\n")


@pytest.mark.parametrize(
    "options", [(), ("--log-opt", "max-size=100k", "--log-opt", "max-file=5")], ids=["", "rotated"]
)
def test_following_to_the_end(docker: Command, docker_image: str, beside: Command, options: tuple[str, ...]) -> None:
    """54: all that comes, through rotations, until the container has ended; then 0."""
    script = f"echo ready; until [ -e /go ]; do sleep 0.05; done; {MANY.format(count=3000)}; printf bye"
    id = docker.ok("run", "-d", "--network", "none", *options, docker_image, "sh", "-c", script).strip()
    try:
        with beside.start("logs", "-f", id, stdout=subprocess.PIPE) as ours:
            assert ours.stdout is not None
            assert ours.stdout.readline() == b"ready\n"
            docker.ok("exec", id, "touch", "/go")
            found = ours.stdout.read().decode()
            assert ours.wait(timeout=PATIENCE) == 0
        assert found == "".join(f"line {number}\n" for number in range(1, 3001)) + "bye"
        if not options:
            assert docker.ok("logs", id) == "ready\n" + found
    finally:
        docker("rm", "--force", id)


@pytest.mark.parametrize("driver", ["none", "local"])
def test_another_log_driver(docker: Command, docker_image: str, beside: Command, driver: str) -> None:
    """54: docker's words for what cannot be read."""
    with made(docker, docker_image, BOTH, "--log-driver", driver) as id:
        ended = beside("logs", id)
        assert (ended.exit_status, ended.stdout) == (1, "")
        assert "configured logging driver does not support reading" in ended.stderr
        assert f"its log driver is '{driver}'" in ended.stderr
        if driver == "none":
            theirs = docker("logs", id)
            assert theirs.exit_status == 1
            assert "configured logging driver does not support reading" in theirs.stderr


def test_a_container_that_has_ended(docker: Command, docker_image: str, beside: Command) -> None:
    """Containerd has forgotten it, as it never knew docker's names; the hint says so."""
    id = docker.ok("run", "-d", "--network", "none", docker_image, "true").strip()
    docker.ok("wait", id)
    wait_until(lambda: beside("logs", id).exit_status == 1, PATIENCE, "docker to remove the record")
    assert "No such container" in beside("logs", id).stderr
    assert "by their ids, while they run" in beside("logs", id).stderr
    docker.ok("rm", id)


def test_dockers_containers_are_changed_only_by_who_insists(
    docker: Command, docker_image: str, beside: Command, directory: Path
) -> None:
    """The namespace on the command line and --force, both; the hint is what does it."""
    with made(docker, docker_image, "true") as id:
        by_variable = Command(words=[*beside.words[:3]], env={**beside.env, "CONTAINERD_NAMESPACE": "moby"})
        for words in (["pause"], ["kill"], ["stop"], ["rm"], ["rename"]):
            more = ["web"] if words == ["rename"] else []
            for refused in (beside(*words, id, *more), by_variable(*words, "--force", id, *more)):
                assert refused.exit_status == 1
                assert f"container {id} is Docker's" in refused.stderr
                assert " ".join(["chub --namespace moby", *words, "--force", id, *more]) in refused.stderr
        assert docker.ok("inspect", "-f", "{{.State.Status}}", id) == "running\n"
        assert id[:12] in beside.ok("ps")
        beside.ok("pause", "--force", id)
        beside.ok("unpause", "--force", id)
        beside.ok("kill", "--force", "-s", "KILL", id)
        assert docker.ok("wait", id) == "137\n"
