"""What is read of the host: its facts, and the sources of bind mounts."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chub.core import apparmor, sources
from chub.core.host import devices_of, has_apparmor, host_facts, init_program
from chub.core.sources import prepare_sources
from chub.errors import Invalid, NotFound, PermissionDenied, Unsupported
from chub.oci.spec.capabilities import NAMES
from chub.options.mounts import Mount, MountKind, Mounts
from chub.options.resources import parse_device

if TYPE_CHECKING:
    from pathlib import Path


def bound(source: Path | str, **fields: object) -> Mounts:
    """One bind mount of `source`."""
    mount = {"kind": MountKind.BIND, "source": str(source), "target": "/x", **fields}
    return Mounts(mounts=(Mount(**mount),))  # type: ignore[arg-type]


def test_facts() -> None:
    """The machine is as the system calls and /proc describe it."""
    host = host_facts(apparmor="p")

    assert (host.name, host.machine, host.apparmor) == (os.uname().nodename, os.uname().machine, "p")
    assert os.uname().release.startswith(f"{host.kernel[0]}.{host.kernel[1]}")
    assert host.cgroup in (1, 2)
    assert set(host.capabilities) <= set(NAMES)
    assert host.devices == ()


def test_devices_that_are_asked_for(tmp_path: Path) -> None:
    """A node under another path, also through a link; all below a directory; what is none is named."""
    (tmp_path / "link").symlink_to("/dev/zero")
    (zero,) = devices_of(parse_device(f"{tmp_path}/link:/dev/a:r"))
    assert (zero.path, zero.kind, zero.major, zero.minor, zero.permissions) == ("/dev/a", "c", 1, 5, "r")

    paths = [each.path for each in devices_of(parse_device("/dev:/far"))]
    assert {"/far/null", "/far/zero"} <= set(paths)
    for name, error, why in (("nosuch", NotFound, "no such file or directory"), ("", Invalid, "not a device node")):
        with pytest.raises(error, match=f'adding custom device "{tmp_path}/?{name}": {why}'):
            devices_of(parse_device(f"{tmp_path}/{name}"))


def test_devices() -> None:
    """Every device of the host, but not those a container has of its own."""
    devices = {device.path: device for device in host_facts(devices=True).devices}

    null = devices["/dev/null"]
    assert (null.kind, null.major, null.minor, null.mode) == ("c", 1, 3, 0o666)
    assert not any(path.startswith(("/dev/pts/", "/dev/shm/", "/dev/fd/")) for path in devices)
    assert "/dev/console" not in devices
    assert not any(os.path.islink(path) for path in devices)


def test_the_init_of_the_host(tmp_path: Path) -> None:
    """Docker's before tini's, wherever on the path each is; a host without says what to install."""
    first, second = tmp_path / "1", tmp_path / "2"
    path = f"{first}:{second}"
    with pytest.raises(NotFound, match="neither docker-init nor tini-static") as failure:
        init_program(path)
    assert "apt-get install tini" in failure.value.hint
    for program in (first / "tini-static", second / "docker-init"):
        program.parent.mkdir()
        program.touch(mode=0o755)

    assert init_program(path) == str(second / "docker-init")
    assert init_program(str(first)) == str(first / "tini-static")


def test_missing_source_is_made(tmp_path: Path) -> None:
    """What `-v` names is made with its parents; what `--mount` names has to be there."""
    wanted = tmp_path / "a" / "b"

    with pytest.raises(Invalid, match=f"bind source path does not exist: {wanted}"):
        prepare_sources(bound(wanted))
    prepare_sources(bound(wanted, create_source=True))

    assert wanted.is_dir()
    prepare_sources(bound(wanted))


def test_source_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").touch()

    with pytest.raises(Invalid, match=r"error while creating mount source path '.*/file/x': Not a directory"):
        prepare_sources(bound(tmp_path / "file" / "x", create_source=True))


def test_file_as_source(tmp_path: Path) -> None:
    """A file, and a link that leads nowhere, are left as they are."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to("nowhere")

    prepare_sources(bound(file, create_source=True))
    prepare_sources(bound(link, create_source=True))

    assert file.is_file()
    assert link.is_symlink()


MOUNTINFO = r"""
21 1 8:1 / / rw - ext4 /dev/sda rw
22 21 0:5 / /srv rw shared:3 - tmpfs tmpfs rw
23 22 0:6 / /srv/a\040b rw master:3 - tmpfs tmpfs rw
24 21 0:7 / /srv2 rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "propagation", "message"),
    [
        ("/srv/x", "rshared", ""),
        ("/srv", "slave", ""),
        ("/srv/a b/c", "rslave", ""),
        ("/srv/a b/c", "shared", "path /srv/a b/c is mounted on /srv/a b but it is not a shared mount"),
        ("/srv2/x", "shared", "path /srv2/x is mounted on /srv2 but it is not a shared mount"),
        ("/home", "rslave", "path /home is mounted on / but it is not a shared or slave mount"),
    ],
)
def test_sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, propagation: str, message: str) -> None:
    """A mount can be shared with a container only if it is shared on the host."""
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTINFO.lstrip())
    monkeypatch.setattr(sources, "MOUNTINFO", str(table))

    if message:
        with pytest.raises(Invalid, match=message):
            sources.check_sharing(path, propagation)
    else:
        sources.check_sharing(path, propagation)


def test_no_apparmor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without AppArmor there is no profile, and nothing is run."""
    monkeypatch.setattr(apparmor, "has_apparmor", lambda: False)

    assert apparmor.loaded_profile() == ""


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel with AppArmor: the list of its profiles, in which chub's is missing."""
    profiles = tmp_path / "profiles"
    profiles.write_text("other (enforce)\nchub-default-not (enforce)\n")
    monkeypatch.setattr(apparmor, "has_apparmor", lambda: True)
    monkeypatch.setattr(apparmor, "LOADED", str(profiles))
    return profiles


def parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let `script` stand for apparmor_parser."""
    program = tmp_path / "parser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(apparmor, "PARSERS", (str(program),))


def test_profile_is_loaded_once(policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile is handed to the kernel where it is missing, and only there."""
    parser(tmp_path, monkeypatch, f"echo $# $@ > {tmp_path}/words; cat > {tmp_path}/text")

    assert apparmor.loaded_profile() == "chub-default"
    assert (tmp_path / "words").read_text() == "2 --replace --skip-cache\n"
    assert (tmp_path / "text").read_text().startswith("profile chub-default ")

    parser(tmp_path, monkeypatch, "exit 1")
    policy.write_text("chub-default (enforce)\n")
    assert apparmor.loaded_profile() == "chub-default"


def test_profile_that_cannot_be_loaded(policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container is never run with less confinement than it should have: the error says how to ask for it."""
    parser(tmp_path, monkeypatch, "echo no permission >&2; exit 1")
    with pytest.raises(PermissionDenied, match="could not be loaded: no permission") as failure:
        apparmor.loaded_profile()
    assert "--security-opt apparmor=unconfined" in failure.value.hint

    monkeypatch.setattr(apparmor, "PARSERS", (str(tmp_path / "none"),))
    with pytest.raises(Unsupported, match="no apparmor_parser") as missing:
        apparmor.loaded_profile()
    assert "install the package apparmor" in missing.value.hint


def test_has_apparmor_is_the_kernels_word() -> None:
    """It is what the module's parameter says, where there is one."""
    parameter = "/sys/module/apparmor/parameters/enabled"

    assert has_apparmor() <= os.path.exists(parameter)


def test_facts_import_little() -> None:
    """Every run pays for it: no subprocess, no regular expressions of its own."""
    code = "import sys; import chub.core.apparmor, chub.core.host; print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-IS", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "'subprocess'" not in loaded.stdout
    assert "'asyncio'" not in loaded.stdout
    assert "'pathlib'" not in loaded.stdout
