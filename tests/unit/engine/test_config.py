"""The private engine's configuration and directories."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chub.engine import config
from chub.errors import Invalid
from chub.settings import HOST_SOCKET, Settings, load


def settings(**flags: str) -> Settings:
    """Settings that nothing of this host has a say in."""
    return load({"data_root": "/d", "state_root": "/s", **flags}, environ={}, files=())


def test_the_configuration_is_toml_for_all_versions() -> None:
    """Version 2 is what containerd 1.6 knows and 2.x still reads; every path is the engine's own."""
    said = tomllib.loads(config.text(config.layout(settings())))

    assert said["version"] == 2
    assert said["root"] == "/d/engine/root"
    assert said["state"] == "/s/engine/state"
    assert said["grpc"]["address"] == "/s/engine/containerd.sock"
    assert said["ttrpc"]["address"] == "/s/engine/containerd.sock.ttrpc"
    assert said["plugins"]["io.containerd.internal.v1.opt"]["path"] == "/d/engine/opt"


def test_cri_and_nri_are_off() -> None:
    """A private engine serves no kubelet, and NRI's socket is the host engine's."""
    said = tomllib.loads(config.text(config.layout(settings())))

    assert said["disabled_plugins"] == ["io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri"]


def test_odd_paths_stay_what_they_are() -> None:
    """Quotes, backslashes and letters beyond ASCII survive the configuration."""
    odd = '/a "b"\\c/ä'

    said = tomllib.loads(config.text(config.layout(settings(data_root=odd))))

    assert said["root"] == f"{odd}/engine/root"


def test_a_socket_path_that_is_too_long_is_refused() -> None:
    """The kernel takes 107 bytes; the message says which option to change."""
    with pytest.raises(Invalid, match="at most 107 bytes") as caught:
        config.layout(settings(state_root="/" + "x" * 90))

    assert "--state-root" in caught.value.hint


def test_only_the_hosts_engine_shares_runcs_directory() -> None:
    """Every other engine has its own: runc's default is one directory for all of a host."""
    assert config.runc_root(settings(address=HOST_SOCKET), "u") == ""
    assert config.runc_root(settings(address="/s/engine/containerd.sock"), "u") == "/s/u/runc"


def test_the_hosts_engine_under_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to the host's socket is the host's engine."""
    host, link = tmp_path / "host.sock", tmp_path / "link.sock"
    host.touch()
    link.symlink_to(host)
    monkeypatch.setattr(config, "HOST_SOCKET", str(host))

    assert config.runc_root(settings(address=str(link)), "u") == ""
