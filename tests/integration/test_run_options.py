"""What the flags of `run` do, seen from inside the container."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def inside(chub: Command, image: str, *flags: str, script: str, **options: object) -> str:
    """What a shell script prints in a container with these flags."""
    return chub.ok("run", "--rm", *flags, image, "sh", "-c", script, **options).strip()


def test_the_environment_in_dockers_order(chub: Command, image: str, tmp_path: Path) -> None:
    """PATH, HOSTNAME, files before flags, HOME; a name alone takes the caller's value, or is left out."""
    file = tmp_path / "env"
    file.write_text("# comment\n\nFROM_FILE=1\nBOTH=file\nCALLER\n")
    found = inside(
        chub,
        image,
        "--env-file",
        str(file),
        "-e",
        "BOTH=flag",
        "-e=SHORT=1",
        "-e",
        "UNSET",
        "-h",
        "box",
        script="tr '\\0' '\\n' < /proc/1/environ; true",
        env={"CALLER": "here"},
    ).split("\n")

    assert found[:2] == [PATH, "HOSTNAME=box"]
    assert {"FROM_FILE=1", "BOTH=flag", "CALLER=here", "SHORT=1", "HOME=/root"} <= set(found)
    assert not [each for each in found if each.startswith("UNSET")]


def test_a_broken_env_file(chub: Command, image: str, tmp_path: Path) -> None:
    """It is refused with 125 and docker's words; so is a missing one."""
    file = tmp_path / "env"
    file.write_text("a b=1\n")

    ended = chub("run", "--rm", "--env-file", file, image, "true")
    assert ended.exit_status == 125
    assert "contains whitespaces" in ended.stderr

    assert chub("run", "--rm", "--env-file", tmp_path / "nosuch", image, "true").exit_status == 125


@pytest.mark.parametrize(
    ("user", "groups", "expected"),
    [
        ("u", (), "uid=1000 gid=1000 groups=44,1000"),
        ("1000", (), "uid=1000 gid=1000 groups=44,1000"),
        ("u:video", (), "uid=1000 gid=44 groups=44"),
        ("4242:7", (), "uid=4242 gid=7 groups=7"),
        (":5", (), "uid=0 gid=5 groups=5"),
        ("u", ("--group-add", "nogroup", "--group-add", "99"), "uid=1000 gid=1000 groups=44,99,1000,65534"),
    ],
)
def test_users_by_name_and_number(chub: Command, image: str, user: str, groups: tuple[str, ...], expected: str) -> None:
    """Looked up in the image's own files."""
    script = 'echo uid=$(id -u) gid=$(id -g) groups=$(id -G | tr " " "\\n" | sort -nu | paste -sd, -)'
    script = 'echo uid=$(id -u) gid=$(id -g) groups=$(id -G | tr " " "\\n" | sort -nu | tr "\\n" "," | sed "s/,$//")'

    assert expected == inside(chub, image, "-u", user, *groups, script=script)


def test_a_user_that_does_not_exist(chub: Command, image: str) -> None:
    """125, and the word."""
    ended = chub("run", "--rm", "-u", "nosuch", image, "true")

    assert ended.exit_status == 125
    assert "unable to find user nosuch" in ended.stderr


def test_working_directory(chub: Command, image: str) -> None:
    """One that is missing is made; a relative one is refused."""
    assert inside(chub, image, "-w", "/new/dir", script="pwd") == "/new/dir"
    assert chub("run", "--rm", "-w", "rel", image, "true").exit_status == 125


def test_entrypoint(chub: Command, image: str) -> None:
    """It is one program; an empty one without a command is refused."""
    assert chub.ok("run", "--rm", "--entrypoint", "echo", image, "hi") == "hi\n"
    assert chub("run", "--rm", "--entrypoint", "echo x", image).exit_status == 127
    ended = chub("run", "--rm", "--entrypoint", "", image)
    assert ended.exit_status == 125
    assert "no command specified" in ended.stderr


def test_host_name(chub: Command, image: str) -> None:
    """The short id, or what was asked for."""
    assert inside(chub, image, "--hostname", "box", script="hostname") == "box"
    hostname = inside(chub, image, script="hostname; cat /etc/hostname").split()
    assert hostname[0] == hostname[1]
    assert len(hostname[0]) == 12


def test_no_network_and_the_hosts(chub: Command, image: str) -> None:
    """none: loopback alone; host: the host's interfaces and name."""
    assert inside(chub, image, script="ls /sys/class/net") == "lo"
    host = set(inside(chub, image, "--network", "host", script="ls /sys/class/net").split())
    assert {each.name for each in Path("/sys/class/net").iterdir()} == host
    name = Path("/proc/sys/kernel/hostname").read_text().strip()
    assert name == inside(chub, image, "--network", "host", script="hostname")


def test_a_network_that_does_not_exist(chub: Command, image: str) -> None:
    """It is named, with 125."""
    ended = chub("run", "--rm", "--network", "nosuch", image, "true")

    assert ended.exit_status == 125
    assert "nosuch" in ended.stderr


def test_bind_mounts(chub: Command, image: str, tmp_path: Path) -> None:
    """Read-write and read-only, by -v and by --mount; a missing source is made by -v and refused by --mount."""
    (tmp_path / "file").write_text("content\n")

    assert inside(chub, image, "-v", f"{tmp_path}:/m", script="cat /m/file; touch /m/made") == "content"
    assert (tmp_path / "made").exists()
    assert inside(chub, image, "-v", f"{tmp_path}:/m:ro", script="touch /m/x 2>/dev/null || echo no") == "no"
    mount = f"type=bind,source={tmp_path},target=/m,readonly"
    assert inside(chub, image, "--mount", mount, script="touch /m/x 2>/dev/null || echo no") == "no"
    inside(chub, image, "-v", f"{tmp_path}/new/dir:/m", script="true")
    assert (tmp_path / "new/dir").is_dir()
    ended = chub("run", "--rm", "--mount", f"type=bind,source={tmp_path}/nosuch,target=/m", image, "true")
    assert ended.exit_status == 125
    assert "bind source path does not exist" in ended.stderr


def test_tmpfs_and_shm(chub: Command, image: str) -> None:
    """With their sizes."""
    script = "grep ' /t ' /proc/mounts; grep ' /dev/shm ' /proc/mounts"
    found = inside(chub, image, "--tmpfs", "/t:size=1m", "--shm-size", "16m", script=script).split("\n")

    assert found[0].startswith("tmpfs /t tmpfs")
    assert "size=1024k" in found[0]
    assert "size=16384k" in found[1]


def test_read_only_root(chub: Command, image: str) -> None:
    """Nothing can be written but what is mounted."""
    script = "touch /x 2>/dev/null || echo no; touch /t/x && echo yes"

    assert inside(chub, image, "--read-only", "--tmpfs", "/t", script=script) == "no\nyes"


def test_ulimits_and_sysctls(chub: Command, image: str) -> None:
    """As the program sees them."""
    script = "ulimit -n; ulimit -Hn; cat /proc/sys/kernel/msgmax"
    flags = ("--ulimit", "nofile=100:200", "--sysctl", "kernel.msgmax=4096")

    assert inside(chub, image, *flags, script=script).split() == ["100", "200", "4096"]


def test_labels_and_annotations(chub: Command, image: str) -> None:
    """They are on the container, and the user's alone are shown."""
    import json

    chub.ok("run", "--name", "web", "-l", "a=1", "--label", "b", "--annotation", "x=y", image, "true")

    row = json.loads(chub.ok("ps", "-a", "--format", "json"))
    assert row["Labels"] == "a=1,b="
    assert json.loads(chub.ok("inspect", "web"))[0]["Config"]["Labels"] == {"a": "1", "b": ""}
    chub.ok("rm", "web")


def test_an_unknown_runtime(chub: Command, image: str) -> None:
    """It is named, and nothing is left."""
    for runtime in ("io.containerd.nosuch.v1", "nosuch-runc"):
        ended = chub("run", "--rm", "--runtime", runtime, image, "true")
        assert ended.exit_status == 125
        assert "nosuch" in ended.stderr


def test_an_unknown_snapshotter(chub: Command, image: str) -> None:
    """It is named, and nothing is left."""
    ended = chub("--snapshotter", "nosuch", "run", "--rm", image, "true")

    assert ended.exit_status == 125
    assert "nosuch" in ended.stderr


def test_an_unknown_image(chub: Command, services: object) -> None:
    """125 and docker's words."""
    ended = chub("run", "--rm", "nosuch", "true")

    assert ended.exit_status == 125
    assert "nosuch" in ended.stderr


def test_escapes_in_names_do_not_reach_tables(chub: Command, image: str) -> None:
    """A label or command with terminal escapes is shown without them."""
    chub.ok("run", "--name", "web", image, "sh", "-c", "\x1b[31mtrue; true")

    assert "\x1b" not in chub.ok("ps", "-a", "--no-trunc")
    chub.ok("rm", "web")
