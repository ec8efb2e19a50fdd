"""Devices and namespaces, as their flags take them."""

from __future__ import annotations

import pytest

from chub.errors import Invalid, Unsupported
from chub.options.namespaces import Namespaces, check, check_ipc, joins
from chub.options.resources import Device, parse_device, parse_device_rule


@pytest.mark.parametrize(
    ("text", "path", "target", "permissions"),
    [
        ("/dev/null", "/dev/null", "/dev/null", "rwm"),
        ("/dev/../dev/null", "/dev/null", "/dev/null", "rwm"),
        ("/dev/null:/dev/x", "/dev/null", "/dev/x", "rwm"),
        ("/dev/null:r", "/dev/null", "/dev/null", "r"),
        ("/dev/null:/dev/x:rw", "/dev/null", "/dev/x", "rw"),
        ("null:/dev/x", "null", "/dev/x", "rwm"),
    ],
)
def test_a_device(text: str, path: str, target: str, permissions: str) -> None:
    """A path, and what may follow it."""
    assert parse_device(text) == Device(path=path, target=target, permissions=permissions)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "bad format for path: "),
        ("a:b:c:d", "bad format for path: a:b:c:d"),
        (":/x", "bad format for path: :/x"),
        ("null", "null is not an absolute path"),
        ("/dev/null:rr", "rr is not an absolute path"),
        ("/dev/null::r", " is not an absolute path"),
        ("/dev/null:/x:rwz", "bad mode specified: rwz"),
        ("/dev/null:/x:", "bad mode specified: "),
    ],
)
def test_what_is_no_device(text: str, why: str) -> None:
    """It is refused in docker's words."""
    with pytest.raises(Invalid) as refused:
        parse_device(text)

    assert str(refused.value) == why


def test_devices_of_a_vendor() -> None:
    """CDI's names are known, and not there yet."""
    with pytest.raises(Unsupported, match=r"vendor\.com/gpu=all"):
        parse_device("vendor.com/gpu=all")


def test_device_rules() -> None:
    """Docker's grammar, to the blank."""
    for text in ("c 1:3 rwm", "a *:* r", "b 7:* mr"):
        assert parse_device_rule(text) == text
    for text in ("", "x", "c 1:3", "c 1:3 x", "c 1:*  r", "d 1:3 r", "c 1:3 rwmr", "c 1:3 r\n"):
        with pytest.raises(Invalid, match="invalid device cgroup format"):
            parse_device_rule(text)


def test_namespaces() -> None:
    """Docker's modes, and its words for others."""
    for asked in (Namespaces(), Namespaces(pid="host", uts="host", cgroup="host"), Namespaces(pid="container:a")):
        check(asked)
    for asked, why in (
        (Namespaces(pid="container:"), "--pid: invalid PID mode"),
        (Namespaces(pid="private"), "--pid: invalid PID mode"),
        (Namespaces(uts="container:a"), "--uts: invalid UTS mode"),
        (Namespaces(cgroup="x"), "--cgroupns: invalid CGROUP mode"),
    ):
        with pytest.raises(Invalid, match=why):
            check(asked)
    for mode in ("", "private", "shareable", "none", "host", "container:a"):
        check_ipc(mode)
    for mode, why in (("x", "invalid IPC mode: x"), ("container:", "invalid name or ID supplied")):
        with pytest.raises(Invalid, match=why):
            check_ipc(mode)


def test_who_is_joined() -> None:
    """By the spec's names of the namespaces."""
    assert joins("none", Namespaces(ipc="shareable", pid="host")) == {}
    assert joins("container:a", Namespaces(ipc="container:b", pid="container:c")) == {
        "network": "a",
        "ipc": "b",
        "pid": "c",
    }
