"""Settings: who wins, who is named as the source, what is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from chub import settings
from chub.errors import Invalid
from chub.settings import HOST_SOCKET, config_files, load

NOTHING: dict[str, str] = {}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A path for a config file that does not exist yet."""
    return tmp_path / "config.toml"


@pytest.fixture
def no_host_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without a containerd of its own."""
    monkeypatch.setattr(settings, "HOST_SOCKET", str(tmp_path / "absent.sock"))


def listening(path: Path) -> socket.socket:
    """A socket that exists under `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


def test_defaults_are_those_of_containerd() -> None:
    """With nothing set, chub talks to the host's containerd in the namespace that ctr and nerdctl use."""
    loaded = load(environ=NOTHING, files=())

    assert loaded.namespace == "default"
    assert loaded.snapshotter == "overlayfs"
    assert loaded.debug is False
    assert set(loaded.sources.values()) == {"default"}


def test_flag_beats_variable_beats_file_beats_default(config: Path) -> None:
    """Each step wins over the one before it, and `sources` says which did."""
    config.write_text('namespace = "file"\nsnapshotter = "native"\ndebug = true\n')
    environ = {"CONTAINERD_NAMESPACE": "variable", "CONTAINERD_ADDRESS": "/variable.sock"}

    loaded = load({"address": "/flag.sock", "namespace": None}, environ=environ, files=[config])

    assert (loaded.address, loaded.namespace, loaded.snapshotter) == ("/flag.sock", "variable", "native")
    assert loaded.debug is True
    assert loaded.sources == {
        "address": "--address",
        "namespace": "CONTAINERD_NAMESPACE",
        "snapshotter": str(config),
        "data_root": "default",
        "state_root": "default",
        "debug": str(config),
    }


def test_the_users_file_beats_the_hosts(tmp_path: Path) -> None:
    """Of two config files the later one wins, key by key."""
    host, user = tmp_path / "host.toml", tmp_path / "user.toml"
    host.write_text('namespace = "host"\nsnapshotter = "native"\n')
    user.write_text('namespace = "user"\n')

    loaded = load(environ=NOTHING, files=[host, user])

    assert (loaded.namespace, loaded.snapshotter) == ("user", "native")


def test_config_files_follow_xdg() -> None:
    """The user's file is under XDG_CONFIG_HOME, or ~/.config."""
    assert config_files({"XDG_CONFIG_HOME": "/x"})[-1] == Path("/x/chub/config.toml")
    assert config_files({"HOME": "/h"})[-1] == Path("/h/.config/chub/config.toml")


def test_an_empty_variable_is_not_set() -> None:
    """`CONTAINERD_NAMESPACE=` leaves the default."""
    loaded = load(environ={"CONTAINERD_NAMESPACE": ""}, files=())

    assert loaded.namespace == "default"


def test_an_address_may_be_a_url() -> None:
    """`unix:///path` and `/path` are the same address."""
    assert load({"address": "unix:///a.sock"}, environ=NOTHING, files=()).address == "/a.sock"


@pytest.mark.usefixtures("no_host_engine")
def test_a_private_engine_serves_where_the_host_has_none(tmp_path: Path) -> None:
    """Without a containerd of the host, the default address is the private engine's, with its snapshotter."""
    environ = {"CHUB_STATE_ROOT": str(tmp_path)}
    with listening(tmp_path / "engine" / "containerd.sock"):
        (tmp_path / "engine" / "snapshotter").write_text("native\n")

        loaded = load(environ=environ, files=())

    assert loaded.address == str(loaded.engine_socket)
    assert loaded.snapshotter == "native"
    assert loaded.sources["snapshotter"] == str(tmp_path / "engine" / "snapshotter")


def test_the_hosts_engine_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both serve, the host's containerd is the default."""
    host = tmp_path / "host.sock"
    monkeypatch.setattr(settings, "HOST_SOCKET", str(host))
    with listening(host), listening(tmp_path / "engine" / "containerd.sock"):
        assert load(environ={"CHUB_STATE_ROOT": str(tmp_path)}, files=()).address == str(host)


@pytest.mark.usefixtures("no_host_engine")
def test_without_any_engine_the_hosts_address_stays(tmp_path: Path) -> None:
    """Where nothing serves, errors name the address that everybody knows."""
    loaded = load(environ={"CHUB_STATE_ROOT": str(tmp_path)}, files=())

    assert loaded.address == settings.HOST_SOCKET != HOST_SOCKET


@pytest.mark.skipif(os.geteuid() != 0, reason="root's defaults")
def test_directories_of_root() -> None:
    """Root keeps what lasts in /var/lib and what does not in /run."""
    loaded = load(environ=NOTHING, files=())

    assert (loaded.data_root, loaded.state_root) == (Path("/var/lib/chub"), Path("/run/chub"))


def test_directories_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else keeps them where XDG says."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    loaded = load(environ={"HOME": "/home/u"}, files=())
    set_by_xdg = load(environ={"XDG_DATA_HOME": "/d", "XDG_RUNTIME_DIR": "/r"}, files=())

    assert (loaded.data_root, loaded.state_root) == (
        Path("/home/u/.local/share/chub"),
        Path("/run/user/1000/chub"),
    )
    assert (set_by_xdg.data_root, set_by_xdg.state_root) == (Path("/d/chub"), Path("/r/chub"))


def test_a_relative_root_starts_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag's relative path is relative to where the command was given."""
    monkeypatch.chdir(tmp_path)

    assert load({"data_root": "data"}, environ=NOTHING, files=()).data_root == tmp_path / "data"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("namespace = ", "Invalid value"),
        ("nam-espace = 'x'", "unknown key 'nam-espace'"),
        ("data_root = '/x'", "unknown key 'data_root'"),
        ("data-root = 'x'", "must be an absolute path"),
        ("namespace = 3", "must be a string"),
        ("debug = 'perhaps'", "neither true nor false"),
        ("namespace = 'a/b'", "'a/b' is not a namespace"),
    ],
)
def test_a_broken_file_is_named(config: Path, content: str, said: str) -> None:
    """What a config file holds wrongly is refused with the file's name."""
    config.write_text(content)

    with pytest.raises(Invalid, match=str(config)) as caught:
        load(environ=NOTHING, files=[config])

    assert said in str(caught.value)


def test_a_file_of_somebody_else_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A config file that another user can write decides nothing."""
    config.write_text("")
    os.chown(config, 1234, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 1234)

    with pytest.raises(Invalid, match="neither to root nor to you"):
        load(environ=NOTHING, files=[config])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a..b", "-a", "a-", "a b", "ä", "a\n", "x" * 77])
def test_names_that_would_leave_their_directory_are_refused(name: str) -> None:
    """A namespace follows containerd's grammar: it becomes part of paths."""
    with pytest.raises(Invalid, match="is not a namespace"):
        load({"namespace": name}, environ=NOTHING, files=())


@pytest.mark.parametrize("name", ["default", "k8s.io", "a-b_c.d", "7", "x" * 76])
def test_names_that_containerd_takes(name: str) -> None:
    """What containerd accepts as a namespace, chub does."""
    assert load({"namespace": name}, environ=NOTHING, files=()).namespace == name
