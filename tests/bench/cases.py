"""What is measured: the project's aims for speed, a case each."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.aims import Aim, Measure
from tests.bench.peers import REPOSITORY, Failed, Peer, command, spawn
from tests.bench.scene import FULL_IMAGE, Scene
from tests.support.command import CHUB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.bench.peers import Sample

MB = 1_000_000
RUN = ("run", "--rm", "--network", "none")
MANY, AT_ONCE = 40, 4
RECORDS = 500
OUTPUT = 1_000_000_000  # bytes
CROWDED = "crowded"  # the namespace with the records
IMPORTS = "imports"  # the namespace that is imported into
HEAVY = ("grpc", "google.protobuf", "rich", "asyncio")  # no help imports them


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A case made ready: what is measured, and what it is to reach."""

    peers: Sequence[Peer]
    aims: Sequence[Aim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case. One that takes seconds a round gets half as many rounds."""

    title: str
    prepare: Callable[[Scene], AbstractContextManager[Trial]]
    slow: bool = False


@contextmanager
def sdk(scene: Scene) -> Iterator[Trial]:
    """In a program that runs already, beside a process for every container.

    ctr sets no seccomp filter unless it is told to, which is 12 ms less work for runc: it is measured without, as
    users run it, and with, where both do the same.
    """
    image, program = scene.image, scene.program
    yield Trial(
        peers=(
            Peer(name="SDK run", run=lambda: program.ask("run", image=image)),
            Peer(name="ctr run --rm", run=command(*_ctr(scene, "one"), env=scene.env)),
            Peer(name="ctr run --rm --seccomp", run=command(*_ctr(scene, "one", "--seccomp"), env=scene.env)),
        ),
        aims=(
            Aim(of=("SDK run",), beside="ctr run --rm", limit=0.9),
            Aim(of=("SDK run",), beside="ctr run --rm --seccomp", limit=0.9),
        ),
    )


@contextmanager
def sdk_many(scene: Scene) -> Iterator[Trial]:
    """As many containers, as many at once."""
    image, program = scene.image, scene.program
    each = f'seq {MANY} | xargs -P {AT_ONCE} -I % "$@"'

    def many(*words: str) -> Callable[[], Sample]:
        return command("/bin/sh", "-c", each, "sh", *words, env=scene.env)

    yield Trial(
        peers=(
            Peer(
                name="SDK threads",
                run=lambda: program.ask("run_many", image=image, count=MANY, threads=AT_ONCE),
            ),
            Peer(name="xargs ctr", run=many(*_ctr(scene, "many-%"))),
            Peer(name="xargs ctr --seccomp", run=many(*_ctr(scene, "many-%", "--seccomp"))),
            Peer(name="xargs docker", run=many(scene.docker, *RUN, image, "true")),
        ),
        aims=(
            Aim(of=("SDK threads",), beside="xargs ctr", measure=Measure.SPEEDUP, limit=1.2),
            Aim(of=("SDK threads",), beside="xargs ctr --seccomp", measure=Measure.SPEEDUP, limit=1.2),
            Aim(of=("SDK threads",), beside="xargs docker", measure=Measure.SPEEDUP, limit=2.0),
        ),
    )


def _ctr(scene: Scene, id: str, *flags: str) -> tuple[str, ...]:
    return (scene.ctr, "run", "--rm", *flags, "--runc-root", scene.runc_root, FULL_IMAGE, id, "true")


@contextmanager
def run(scene: Scene) -> Iterator[Trial]:
    """The same words to both."""
    words = (*RUN, scene.image, "true")
    yield Trial(
        peers=(
            Peer(name="chub run", run=command(CHUB, *words, env=scene.env)),
            Peer(name="docker run", run=command(scene.docker, *words, env=scene.env)),
        ),
        aims=(Aim(of=("chub run",), beside="docker run", limit=1.15),),
    )


@contextmanager
def exec(scene: Scene) -> Iterator[Trial]:
    """The same words to both, in a container that each has running."""
    with scene.container(scene.docker, name="up"), scene.container(CHUB, name="up"):
        words = ("exec", "up", "true")
        yield Trial(
            peers=(
                Peer(name="chub exec", run=command(CHUB, *words, env=scene.env)),
                Peer(name="docker exec", run=command(scene.docker, *words, env=scene.env)),
            ),
            aims=(Aim(of=("chub exec",), beside="docker exec", limit=1.5),),
        )


@contextmanager
def detached(scene: Scene) -> Iterator[Trial]:
    """A container that is started, left alone, and removed while it runs."""
    both = 'id=$("$0" run --detach --network none "$1" sleep 1000) && exec "$0" rm --force "$id"'

    def of(client: str | Path) -> Callable[[], Sample]:
        return command("/bin/sh", "-c", both, client, scene.image, env=scene.env)

    yield Trial(
        peers=(Peer(name="chub run -d, rm -f", run=of(CHUB)), Peer(name="docker run -d, rm -f", run=of(scene.docker))),
        aims=(Aim(of=("chub run -d, rm -f",), beside="docker run -d, rm -f", limit=1.2),),
    )


@contextmanager
def output(scene: Scene) -> Iterator[Trial]:
    """What a program writes, read in the foreground, and again from where it is kept; all of it arrives."""
    program = ("sh", "-c", f"yes {'x' * 63} | head -c {OUTPUT}")
    clients: dict[str, str | Path] = {"chub": CHUB, "docker": scene.docker}
    counted = f'test "$("$@" | wc -c)" -eq {OUTPUT}'

    def all_of(*words: str | Path) -> Callable[[], Sample]:
        return command("/bin/sh", "-c", counted, "sh", *words, env=scene.env)

    try:
        for client in clients.values():
            scene.must(client, "run", "--detach", "--name", "writer", "--network", "none", scene.image, *program)
            scene.must(client, "wait", "writer")
        yield Trial(
            peers=tuple(
                Peer(name=f"{name} {what}", run=all_of(client, *words))
                for name, client in clients.items()
                for what, words in (("run", (*RUN, scene.image, *program)), ("logs", ("logs", "writer")))
            ),
            aims=tuple(
                Aim(of=(f"chub {what}",), beside=f"docker {what}", measure=Measure.SPEEDUP, limit=5.0)
                for what in ("run", "logs")
            ),
        )
    finally:
        for client in clients.values():
            scene.must(client, "rm", "--force", "writer")


@contextmanager
def ps(scene: Scene) -> Iterator[Trial]:
    """One container that runs, and in another namespace one that runs among records of others."""
    image, env = scene.image, scene.env
    crowded = dict(env) | {"CONTAINERD_NAMESPACE": CROWDED}
    scene.must(CHUB, "rootfs", "import", scene.busybox, image, env=crowded)
    with scene.container(scene.docker), scene.container(CHUB), scene.container(CHUB, crowded):
        scene.program.ask("add_records", namespace=CROWDED, count=RECORDS)
        try:
            yield Trial(
                peers=(
                    Peer(name="docker ps", run=command(scene.docker, "ps", env=env, lines=2)),
                    Peer(name="chub ps", run=command(CHUB, "ps", env=env, lines=2)),
                    Peer(name="chub ps, 500", run=command(CHUB, "ps", env=crowded, lines=2)),
                    Peer(
                        name="chub ps -a, 500",
                        run=command(CHUB, "ps", "-a", env=crowded, lines=RECORDS + 2),
                    ),
                ),
                aims=(
                    Aim(of=("chub ps",), beside="docker ps", limit=2.0),
                    Aim(of=("chub ps, 500",), beside="chub ps", limit=2.0),
                    Aim(of=("chub ps -a, 500",), beside="chub ps", limit=2.0),
                ),
            )
        finally:
            scene.program.ask("remove_records", namespace=CROWDED, count=RECORDS)


@contextmanager
def help(scene: Scene) -> Iterator[Trial]:
    """Every command's, none of which may import what only work needs."""
    env = scene.bare
    listed = spawn(sys.executable, "-m", "tests.bench.commands", env=dict(env) | {"PYTHONPATH": str(REPOSITORY)})
    if listed.exit_status != 0:
        raise Failed(listed.stderr)
    commands: dict[str, tuple[str | Path, ...]] = {
        f"chub {path} --help".replace("  ", " "): (CHUB, *path.split(), "--help")
        for path in ["", *listed.stdout.splitlines()]
    }
    for name, words in commands.items():
        if heavy := _heavy_imports(*words, env=env):
            raise Failed(f"{name} imports {', '.join(heavy)}")
    docker = Peer(name="docker --help", run=command(scene.docker, "--help", env=env))
    yield Trial(
        peers=(docker, *(Peer(name=name, run=command(*words, env=env)) for name, words in commands.items())),
        aims=(
            Aim(of=("chub --help",), beside="docker --help", limit=1.2),
            Aim(of=tuple(commands)[1:], beside="docker --help", limit=1.2),
        ),
    )


def _heavy_imports(*words: str | Path, env: Mapping[str, str]) -> list[str]:
    """Which of `HEAVY` a command imports, as Python itself lists its imports."""
    ended = spawn(*words, env=dict(env) | {"PYTHONPROFILEIMPORTTIME": "1"})
    if ended.exit_status != 0:
        raise Failed(f"{' '.join(map(str, words))}: exit status {ended.exit_status}: {ended.stderr}")
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    return [module for module in HEAVY if module in imported]


@contextmanager
def import_tree(scene: Scene) -> Iterator[Trial]:
    """A Debian minbase tree; the image is removed and the disk is quiet before the next one."""
    tree, program = scene.debian, scene.program
    env = dict(scene.env) | {"CONTAINERD_NAMESPACE": IMPORTS}

    def forget() -> None:
        program.ask("remove_images", namespace=IMPORTS)
        os.sync()

    def docker_forget() -> None:
        scene.must(scene.docker, "rmi", "tree")
        os.sync()

    yield Trial(
        peers=(
            Peer(name="chub import", run=command(CHUB, "rootfs", "import", tree, "tree", env=env), tidy=forget),
            Peer(
                name="docker import",
                run=command(*scene.docker_import(tree, "tree"), env=env),
                tidy=docker_forget,
            ),
        ),
        aims=(
            Aim(of=("chub import",), beside="docker import", limit=0.6),
            Aim(of=("chub import",), measure=Measure.MEMORY, limit=100 * MB),
        ),
    )


@contextmanager
def rootfs_run(scene: Scene) -> Iterator[Trial]:
    """Trees that were imported before, by the warm-up: a large one beside a small one."""

    def of(tree: Path) -> Callable[[], Sample]:
        return command(CHUB, *RUN, "--rootfs", tree, "true", env=scene.env)

    yield Trial(
        peers=(
            Peer(name="run --rootfs debian", run=of(scene.debian)),
            Peer(name="run --rootfs busybox", run=of(scene.busybox)),
        ),
        aims=(
            Aim(
                of=("run --rootfs debian",),
                beside="run --rootfs busybox",
                measure=Measure.DIFFERENCE,
                limit=0.2,
            ),
        ),
    )


CASES = {
    "sdk": Case(title="SDK: run a container to its end in a running program", prepare=sdk),
    "sdk-many": Case(title=f"SDK: {MANY} such runs, {AT_ONCE} at once", prepare=sdk_many, slow=True),
    "run": Case(title="chub run --rm --network none", prepare=run),
    "exec": Case(title="chub exec", prepare=exec),
    "detached": Case(title="chub run -d, and rm -f of what runs", prepare=detached),
    "output": Case(title=f"{OUTPUT // MB} MB of output", prepare=output, slow=True),
    "ps": Case(title=f"chub ps with 1 and with {RECORDS} containers", prepare=ps),
    "help": Case(title="chub --help, and every command's", prepare=help),
    "import": Case(title="import of a Debian minbase tree", prepare=import_tree, slow=True),
    "rootfs-run": Case(title="second run --rootfs of that tree", prepare=rootfs_run),
}
