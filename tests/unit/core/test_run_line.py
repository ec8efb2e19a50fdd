"""The line that makes a container again, of what is known of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from chub.cli.commands import run
from chub.cli.flags import later
from chub.core.run_line import Shell, of_docker, of_request, of_spec, program
from chub.oci.config import ImageConfig
from chub.oci.spec.base import CAPABILITIES
from chub.options.mounts import parse_mount, parse_tmpfs, parse_volume
from chub.options.request import Identity, Request
from chub.options.security import Security

IMAGE = ImageConfig(architecture="amd64", os="linux", entrypoint=("/entry",), cmd=("serve",), env=("A=1",))
SAMPLES: dict[str, Any] = {"bool": True, "str": "x", "int": 7, "float": 1.5}


def flags_of_run() -> set[str]:
    """The flags that `chub run` takes, and those that it knows to be docker's."""
    command = typer.main.get_command(run.app)
    return {name for param in command.params for name in param.opts} | later.RUN


def samples() -> Iterator[Any]:
    """For every simple field of a request's groups a request that has it set."""
    for group in dataclasses.fields(Request):
        standard = getattr(Request(image="i"), group.name)
        if not dataclasses.is_dataclass(standard):
            continue
        for field in dataclasses.fields(standard):
            kinds = str(field.type).replace("<class '", "").replace("'>", "").split(" | ")
            value = SAMPLES.get(kinds[0], ("x",) if kinds[0] == "tuple[str, ...]" else None)
            if value is not None and field.name != "cidfile":
                kind: Any = type(standard)
                changed = kind(**{field.name: value})
                made = Request(image="i", **{group.name: changed})
                yield pytest.param(made, id=f"{group.name}.{field.name}")


@pytest.mark.parametrize("request_", list(samples()))
def test_every_field_has_a_flag_of_run(request_: Request) -> None:
    """Whatever field of a request is set, the line has a flag that `run` takes, and nothing else."""
    flags = [word for word in of_request(request_) if word.startswith("-")]

    assert flags
    assert not {*flags} - flags_of_run()


def test_defaults_are_left_out() -> None:
    """A container of an image and nothing else is those two words."""
    assert [*of_request(Request(image="busybox"))] == ["busybox"]
    assert [*of_request(Request(image="/tree", rootfs=True, words=("sh", "-c", "a b")))] == [
        *("--rootfs", "/tree", "sh", "-c", "a b")
    ]
    assert [*of_request(Request(image="i", identity=Identity(name="web", remove=True)))] == [
        "--name",
        "web",
        "--rm",
        "i",
    ]


@pytest.mark.parametrize(
    ("flag", "text"),
    [
        ("-v", "/a:/b"),
        ("-v", "/a:/b:ro,rshared"),
        ("--mount", "type=bind,src=/a,dst=/b,readonly,bind-propagation=rslave"),
        ("--mount", "type=bind,src=/a,dst=/b,bind-recursive=disabled"),
        ("--tmpfs", "/t:size=1m,noexec"),
        ("--tmpfs", "/t"),
    ],
)
def test_mounts_come_back_as_they_were_given(flag: str, text: str) -> None:
    """Each of the three flags is told from the others, and its text read again gives the same mount."""
    from chub.core.run_line import mount_words

    parse = {"-v": parse_volume, "--mount": parse_mount, "--tmpfs": parse_tmpfs}[flag]

    assert mount_words(parse(text)) == (flag, text)


def test_a_seccomp_profile_is_a_file_that_the_shell_makes() -> None:
    """The flag takes a file, and the request has what was in it."""
    request = Request(image="i", security=Security(security_opt=('seccomp={"a":"it\'s"}',)))

    (word,) = [word for word in of_request(request) if isinstance(word, Shell)]
    assert word.startswith("seccomp=<(printf %s '{")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("/entry", "serve"), ["i"]),
        (("/entry", "other", "x"), ["i", "other", "x"]),
        (("/entry",), ["--entrypoint", "/entry", "i"]),
        (("sh", "-c", "x"), ["--entrypoint", "sh", "i", "-c", "x"]),
    ],
)
def test_as_few_words_as_the_image_needs(args: tuple[str, ...], words: list[str]) -> None:
    """What entry point and command of the image give is not said again."""
    assert [*program("i", args, IMAGE)] == words


def test_a_spec_is_told_by_what_it_has_beyond_the_defaults() -> None:
    """Environment, user, capabilities, confinement, namespaces and limits of a spec that another client wrote."""
    spec = {
        "hostname": "other",
        "root": {"readonly": True},
        "process": {
            "user": {"uid": 7, "gid": 8},
            "cwd": "/work",
            "env": ["A=1", "B=2"],
            "capabilities": {"bounding": [*CAPABILITIES[1:], "CAP_SYS_ADMIN"]},
        },
        "linux": {
            "namespaces": [{"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
            "resources": {"memory": {"limit": 1000}, "cpu": {"quota": 150000, "period": 100000}, "pids": {"limit": 9}},
        },
    }

    line = " ".join(of_spec(spec, IMAGE, id="1" * 64))

    assert line == (
        "--hostname other --user 7:8 --workdir /work -e B=2 --read-only"
        f" --cap-drop {CAPABILITIES[0].removeprefix('CAP_')} --cap-add SYS_ADMIN --security-opt seccomp=unconfined"
        " --security-opt systempaths=unconfined --pid host --memory 1000 --cpus 1.5 --pids-limit 9"
    )


def test_what_docker_says() -> None:
    """Docker's inspect: what its image says by itself is left out, and so are the defaults."""
    said = {
        "Id": "1" * 64,
        "Name": "/web",
        "Config": {
            "AttachStdout": True,
            "Hostname": "1" * 12,
            "Env": ["A=1", "B=2"],
            "Labels": {"theirs": "1", "mine": "2"},
            "Image": "nginx",
            "Cmd": ["serve"],
            "Entrypoint": ["/entry"],
            "StopTimeout": 0,
        },
        "HostConfig": {
            "NetworkMode": "default",
            "PortBindings": {
                "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
                "53/udp": [{"HostIp": "::1", "HostPort": ""}],
            },
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "ShmSize": 64 << 20,
            "IpcMode": "private",
            "Memory": 1000,
            "MemorySwap": 2000,
            "NanoCpus": 1500000000,
            "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}],
            "SecurityOpt": ["label=disable"],
            "Runtime": "runc",
            "LogConfig": {"Type": "json-file", "Config": {}},
        },
    }
    image = {"Env": ["A=1"], "Labels": {"theirs": "1"}, "Cmd": ["serve"], "Entrypoint": ["/entry"]}

    assert " ".join(of_docker(said, image)) == (
        "--name web --stop-timeout 0 -e B=2 --label mine=2 --network bridge -p 8080:80 -p ::1::53/udp"
        " --memory 1000 --cpus 1.5 --ulimit nofile=1:2 --restart on-failure:3 nginx"
    )
