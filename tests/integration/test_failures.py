"""Bad input and bad surroundings: a clear error, the right exit status, no traceback, nothing left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import chub as sdk
from chub.api.namespaces import Namespace
from chub.api.services import Services
from tests.support.command import CHUB, Command, Ended
from tests.support.engines import Engine

NOBODY = 65534
# /root, where an interpreter may be installed, is closed to nobody: it may be searched, and still nothing be written.
AS_NOBODY = (
    "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
).split()


def refused(ended: Ended, status: int, said: str, *, hint: bool = True) -> None:
    """One sentence, a hint where one is due, the status, and no traceback."""
    assert "Traceback" not in ended.stderr, ended.stderr
    first, *rest = ended.stderr.splitlines() or [""]
    assert said in first, ended.stderr
    assert first.startswith("chub: ")
    assert not hint or (rest and rest[0].startswith("hint: ")), ended.stderr
    assert status == ended.exit_status, ended.stderr


@contextmanager
def listener(path: Path, answer: bytes) -> Iterator[None]:
    """Something that is no containerd on a socket: it says one thing to everybody and hangs up."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            try:
                while True:
                    with listening.accept()[0] as caller:
                        caller.sendall(answer)
            except OSError:  # closed: the test is over
                return

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def tmpfs(point: Path, *options: str) -> Iterator[Path]:
    """A file system of its own at a directory."""
    point.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["mode=700", *options]), "chub-test", point], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)


@contextmanager
def nobody() -> Iterator[None]:
    """This process's effective user is nobody."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_socket(tmp_path: Path) -> None:
    """It is named; 1, and 125 for `run`."""
    chub = Command(words=[str(CHUB), "--address", str(tmp_path / "nosuch")])

    refused(chub("ps"), 1, "no such socket")
    refused(chub("run", "--rm", "x", "true"), 125, "no such socket")
    refused(chub("images"), 1, "no such socket")
    refused(chub("rootfs", "import", "/etc", "x"), 1, "no such socket")


@pytest.mark.parametrize("address", ["", "http://x", "/etc/passwd", "/tmp/" + 110 * "x"])
def test_odd_addresses(address: str) -> None:
    """What can be no socket is refused before anything is tried."""
    refused(Command(words=[str(CHUB), "--address", address])("ps"), 1, "")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["silence", "http"])
def test_something_else_listens(roots: tuple[Path, Path], answer: bytes) -> None:
    """The hint asks whether it is containerd's socket."""
    with listener(roots[1] / "s", answer):
        ended = Command(words=[str(CHUB), "--address", str(roots[1] / "s")])("ps")

    refused(ended, 1, "no connection")
    assert "is" in ended.stderr.splitlines()[1]
    assert "containerd's socket?" in ended.stderr


def test_a_socket_nobody_listens_on(roots: tuple[Path, Path]) -> None:
    """Containerd was there once."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(roots[1] / "s"))

    refused(Command(words=[str(CHUB), "--address", str(roots[1] / "s")])("ps"), 1, "nobody listens there")


def test_no_permission(chub: Command, engine: Engine) -> None:
    """A user who may not open the socket is told so."""
    engine.directory.chmod(0o755)
    as_nobody = Command(words=[*AS_NOBODY, str(CHUB)], env=chub.env)

    refused(as_nobody("ps"), 1, "permission denied")
    refused(as_nobody("run", "--rm", "x", "true"), 125, "permission denied")


def test_a_user_who_may_open_the_socket_alone(client: sdk.Client, image: str, busybox: Path, tmp_path: Path) -> None:
    """What else it takes is said: reading the image's files, a root filesystem's, writing chub's own."""
    client.services.version.get()  # the connection is root's
    closed = tmp_path / "closed"
    shutil.copytree(busybox, closed, symlinks=True)
    closed.chmod(0o700)
    with nobody():
        for source, rootfs in ((image, False), (str(closed), True)):
            with pytest.raises(sdk.PermissionDenied) as raised:
                client.containers.run(source, ["true"], rootfs=rootfs)
            assert raised.value.hint


def test_a_feature_of_a_newer_engine(services: Services) -> None:
    """The version that has it is named."""
    if services.version.get().older_than("1.7"):
        with pytest.raises(sdk.Unsupported, match=r"needs containerd 1\.7 or newer, this is 1\.6"):
            services.sandbox_store.list()
    else:
        assert services.sandbox_store.list() == ()


@pytest.mark.parametrize(
    "name",
    ["x", "a b", "a\nb", "ab\n", "../etc", "\x1b[31mred", "ünï", "-a", 256 * "x", "a/b", os.fsdecode(b"\xff\xfe")],
)
def test_odd_names(chub: Command, image: str, name: str) -> None:
    """Refused in docker's words on one line, which drives no terminal."""
    ended = chub("run", "--rm", "--name", name, image, "true")

    refused(ended, 125, "Invalid container name")
    assert "\x1b" not in ended.stderr


@pytest.mark.parametrize("name", ["", "/ok", 255 * "x", "a..b--c__"])
def test_names_that_are_fine(chub: Command, image: str, name: str) -> None:
    """An empty one means none, as docker's; the longest has 255 characters."""
    assert chub.ok("run", "--rm", "--name", name, image, "echo", "hi") == "hi\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "no directory is named"),
        ("/nonexistent", "no such directory"),
        ("/etc/passwd", "not a directory"),
        ("{tmp}/empty", "it is empty"),
    ],
)
def test_a_rootfs_that_is_none(chub: Command, services: Services, tmp_path: Path, source: str, said: str) -> None:
    """Missing, a file, empty, or not even named: 125, and it is said which."""
    (tmp_path / "empty").mkdir()
    ended = chub("run", "--rm", "--rootfs", source.format(tmp=tmp_path), "true")

    refused(ended, 125, said, hint=said != "it is empty")


@pytest.mark.usefixtures("kept_rootfs")
def test_a_rootfs_without_the_program(chub: Command, tmp_path: Path) -> None:
    """127, as for an image."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_text("content\n")

    refused(chub("run", "--rm", "--rootfs", tmp_path / "tree", "sh"), 127, "executable file not found")


@pytest.mark.usefixtures("kept_rootfs")
@pytest.mark.parametrize(
    ("program", "status", "said"),
    [
        ("noexec", 127, "executable file not found"),
        ("dangling", 127, "executable file not found"),
        ("\x1b[31mred", 127, "executable file not found"),
        ("", 127, "executable file not found"),
        ("/bin/noexec", 126, "permission denied"),
        ("/bin/dangling", 127, "no such file or directory"),
        ("./nosuch", 127, "no such file or directory"),
        ("/etc", 126, ""),
    ],
)
def test_programs_that_cannot_start(
    chub: Command, busybox: Path, tmp_path: Path, program: str, status: int, said: str
) -> None:
    """127 for one that is not there, 126 for one that may not be executed."""
    tree = odd_programs(busybox, tmp_path)

    refused(chub("run", "--rm", "--rootfs", tree, program), status, said)


@pytest.mark.usefixtures("kept_rootfs")
@pytest.mark.parametrize("program", ["badinterpreter", "garbage"])
def test_programs_the_kernel_refuses(chub: Command, busybox: Path, tmp_path: Path, program: str) -> None:
    """Runc has let go by then: its own words and status, as with docker."""
    ended = chub("run", "--rm", "--rootfs", odd_programs(busybox, tmp_path), program)

    assert ended.exit_status != 0
    assert f"exec /bin/{program}: " in ended.stderr
    assert "Traceback" not in ended.stderr


def odd_programs(busybox: Path, tmp_path: Path) -> Path:
    """A busybox tree with programs that cannot run."""
    tree = tmp_path / "odd"
    shutil.copytree(busybox, tree, symlinks=True)
    (tree / "bin/badinterpreter").write_text("#!/no/such\n")
    (tree / "bin/garbage").write_text("garbage")
    (tree / "bin/noexec").write_text("#!/bin/sh\n")
    (tree / "bin/dangling").symlink_to("/nowhere")
    for name, mode in (("badinterpreter", 0o755), ("garbage", 0o755), ("noexec", 0o644)):
        (tree / "bin" / name).chmod(mode)
    return tree


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--user", "nosuch"], "unable to find user nosuch"),
        (["--user", ":nosuch"], "Unable to find group nosuch"),
        (["--group-add", "nosuch"], "Unable to find group nosuch"),
        (["--user", "\x1b[1m"], "unable to find user"),
        (["--runtime", "io.containerd.nosuch.v1"], "containerd has no runtime io.containerd.nosuch.v1"),
        (["--runtime", "nosuch-runc"], "the runtime nosuch-runc cannot be started"),
        (["--runtime", "/no/runc"], "the runtime /no/runc cannot be started"),
        (["--workdir", "/etc/passwd"], "not a directory"),
    ],
)
def test_options_the_engine_or_image_cannot_follow(chub: Command, image: str, flags: list[str], said: str) -> None:
    """125; it is said what is missing and where it would have to be."""
    ended = chub("run", "--rm", *flags, image, "true")

    refused(ended, 125, said)
    assert "\x1b" not in ended.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a b=1\n", "contains whitespaces"),
        (b"=x\n", "no variable name"),
        (b"A=\xff\n", "invalid utf8"),
        (b"A=1\0B\n", "NUL"),
        (None, "is a directory"),
    ],
)
def test_broken_env_files(chub: Command, image: str, tmp_path: Path, content: bytes | None, said: str) -> None:
    """The file, the line, the reason."""
    file = tmp_path / "env"
    file.mkdir() if content is None else file.write_bytes(content)

    refused(chub("run", "--rm", "--env-file", file, image, "true"), 125, said, hint=False)


@pytest.mark.parametrize(
    "reference", ["", "BAD:x", "a:b:c", "a@sha256:123", "\x1b[31mx", 300 * "a", "x:" + 129 * "a", " ", "/", "a//b"]
)
def test_odd_image_references(chub: Command, services: Services, reference: str) -> None:
    """Docker's words, and a grammar's error is no crash."""
    for words, status in (
        (("run", "--rm", reference, "true"), 125),
        (("rmi", reference), 1),
        (("history", reference), 1),
    ):
        refused(chub(*words), status, "", hint=False)


def test_bytes_that_are_no_text(chub: Command, image: str) -> None:
    """A label or runtime that is not UTF-8 is refused: containerd could not keep it."""
    text = os.fsdecode(b"\xff")

    refused(chub("run", "--rm", "--label", f"a={text}", image, "true"), 125, "is not UTF-8", hint=False)
    refused(chub("run", "--rm", "--runtime", text, image, "true"), 125, "is not UTF-8", hint=False)


def test_an_image_of_another_namespace(chub: Command, image: str, services: Services) -> None:
    """The error says which namespace has it."""
    other = f"{services.namespace}-other"
    services.namespaces.create(Namespace(name=other))
    try:
        ended = chub("--namespace", other, "run", "--rm", image, "true")
    finally:
        services.namespaces.delete(other)

    refused(ended, 125, "No such image: busybox:latest")
    assert services.namespace in ended.stderr.splitlines()[1]


def test_a_data_root_that_cannot_be_written(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """Read-only, full, or no directory: 125, and nothing is left in the engine either."""
    run = ("run", "--rm", image, "true")
    chub.ok(*run)
    with tmpfs(roots[0] / "ro", "ro") as place:
        refused(chub(*run, env={"CHUB_DATA_ROOT": str(place)}), 125, "Read-only file system")
        refused(chub(*run, env={"CHUB_STATE_ROOT": str(place)}), 125, "Read-only file system")
    with tmpfs(roots[0] / "full", "size=32k") as place:
        (place / "filler").write_bytes(bytes(16384))
        (place / "rest").write_bytes(bytes(16384))
        refused(chub(*run, env={"CHUB_DATA_ROOT": str(place)}), 125, "No space left on device")
    for place in (Path("/proc/nosuch"), Path("/etc/passwd")):
        refused(chub(*run, env={"CHUB_DATA_ROOT": str(place)}), 125, "cannot write in")
        refused(chub(*run, env={"CHUB_STATE_ROOT": str(place)}), 125, "cannot write in")
    for each in ("ro", "full"):
        (roots[0] / each).rmdir()


def test_output_that_cannot_be_written(chub: Command, image: str) -> None:
    """A full stdout is an error of every command; a closed one too; what a run has made is gone."""
    for words, status in (
        (["run", "--rm", image, "echo", "hi"], 125),
        (["ps"], 1),
        (["images"], 1),
        (["inspect", image], 1),
        (["--help"], 1),
        (["run", "--help"], 1),
    ):
        for redirection in (">/dev/full", ">&-"):
            ended = shell(chub, words, redirection)
            refused(ended, status, "the output could not be written", hint=False)


def test_readers_that_leave(chub: Command, image: str) -> None:
    """As in `| head -1` and `| true`: no traceback, and nothing runs on."""
    ended = shell(chub, ["run", "--rm", image, "yes"], "| head -1")
    assert (ended.stdout, ended.stderr) == ("y\n", "")
    for words in (["ps", "-a"], ["images"], ["inspect", image], ["--help"]):
        assert shell(chub, words, "| true").stderr == ""
    assert chub.ok("ps", "-aq") == ""


def shell(chub: Command, words: list[str], redirection: str) -> Ended:
    """A command with a shell's redirection behind it."""
    return Command(words=["sh", "-c", f'"$@" {redirection}', "sh", *chub.words], env=chub.env)(*words)


def test_long_command_lines(chub: Command, image: str) -> None:
    """100 kB in one argument and in one variable, and a thousand variables."""
    big = 100_000 * "x"
    assert chub.ok("run", "--rm", image, "echo", big) == big + "\n"
    assert chub.ok("run", "--rm", "-e", f"BIG={big}", image, "sh", "-c", "echo $BIG") == big + "\n"
    many = [word for number in range(1000) for word in ("-e", f"MANY{number}={number}")]
    assert chub.ok("run", "--rm", *many, image, "sh", "-c", "env | grep -c ^MANY") == "1000\n"


def test_escapes_reach_no_terminal(chub: Command, image: str) -> None:
    """Labels, commands and images with terminal escapes: tables, inspect and errors stay safe."""
    escape = "\x1b]0;owned\x07"
    chub.ok("run", "--name", "web", "--label", f"a={escape}", "-e", f"A={escape}", image, "echo", escape)

    for words in (["ps", "-a", "--no-trunc"], ["inspect", "web"], ["images"], ["ps", "-a", "--format", "json"]):
        shown = chub.ok(*words)
        assert not {"\x1b", "\x07"} & set(shown), words
    for words in (["rm", escape], ["rmi", escape], ["inspect", escape], ["run", escape], ["rootfs", "rm", escape]):
        ended = chub(*words)
        assert not {"\x1b", "\x07"} & set(ended.stderr), words
        assert "Traceback" not in ended.stderr
    chub.ok("rm", "web")


def test_a_flag_without_its_value(chub: Command) -> None:
    """The flag is named, and where to read on; 125, as docker's."""
    ended = chub("run", "--rm", "--name")

    assert ended.exit_status == 125
    assert ended.stderr == (
        "flag needs an argument: --name\n\nUsage:  chub run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\n"
        "Run 'chub run --help' for more information\n"
    )


def test_a_snapshotter_the_engine_lacks(chub: Command, image: str) -> None:
    """It is named with some that may be there; `rmi` changes nothing."""
    for words, status in ((["run", "--rm", image, "true"], 125), (["rmi", image], 1)):
        refused(chub("--snapshotter", "nosuch", *words), status, "snapshotter not loaded: nosuch")
    assert chub.ok("images", "-q")


def test_a_directory_that_is_deleted(chub: Command, services: Services, tmp_path: Path) -> None:
    """One that somebody removed while it was the current one."""
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    for words in (["run", "--rm", "--rootfs", ".", "true"], ["run", "--rm", "-v", "./x:/x", "busybox", "true"]):
        ended = Command(words=["sh", "-c", script, "sh", *chub.words], env=chub.env)(*words, cwd=tmp_path)
        assert ended.exit_status == 125
        assert "the current directory does not exist any more" in ended.stderr.splitlines()[0]
        assert "Traceback" not in ended.stderr
    assert services.containers.list() == ()
