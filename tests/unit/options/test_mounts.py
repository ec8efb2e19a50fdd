"""The text forms of mounts, with what docker 28 makes of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid, Unsupported
from chub.options.mounts import Mount, MountKind, parse_mount, parse_tmpfs, parse_volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def bind(**fields: Any) -> Mount:
    """A bind mount of /s on /x that is asked for with ``--mount``."""
    return Mount(**{"kind": MountKind.BIND, "source": "/s", "target": "/x", **fields})


def volume(**fields: Any) -> Mount:
    """The same, asked for with ``--volume``."""
    return bind(create_source=True, **fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/s:/x", volume()),
        ("/s/../s/:/y/../x", volume()),
        ("//s:/x", volume()),
        ("/s:/x:ro", volume(read_only=True)),
        ("/s:/x:rw", volume()),
        ("/s:/x:z,ro,rslave", volume(read_only=True, propagation="rslave")),
        ("/s:/x:shared,cached", volume(propagation="shared")),
    ],
)
def test_volumes(text: str, expected: Mount) -> None:
    """Source, target and modes; labels of other systems change nothing."""
    assert parse_volume(text) == expected


def test_volumes_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source with a dot in front is taken from the current directory, at once."""
    monkeypatch.chdir(tmp_path)

    assert parse_volume("./a:/x") == volume(source=f"{tmp_path}/a")
    assert parse_volume("..:/x") == volume(source=str(tmp_path.parent))
    assert parse_mount("type=bind,src=.,dst=/x") == bind(source=str(tmp_path))


@pytest.mark.parametrize("text", ["data:/x", "data", "/x", "rel/dir:/x"])
def test_real_volumes(text: str) -> None:
    """Named and anonymous volumes are docker's, and not chub's yet."""
    with pytest.raises(Unsupported, match="volumes are not supported yet"):
        parse_volume(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid spec: : empty section between colons"),
        (":/x", "invalid spec: :/x: empty section between colons"),
        ("/s:", "invalid spec: /s:: empty section between colons"),
        ("/s:/x:", "invalid spec: /s:/x:: empty section between colons"),
        ("/s:/x:ro:z", "invalid spec: /s:/x:ro:z: too many colons"),
        ("/s:x", "invalid mount path: 'x' mount path must be absolute"),
        ("/s:/", "invalid specification: destination can't be '/'"),
        ("~/s:/x", "invalid volume specification: '~/s:/x'"),
        ("/s:/x:foo", "invalid mode: foo"),
        ("/s:/x:RO", "invalid mode: RO"),
        ("/s:/x:ro,rw", "invalid mode: ro,rw"),
        ("/s:/x:ro,", "invalid mode: ro,"),
        ("/s:/x:z,Z", "invalid mode: z,Z"),
        ("/s:/x:shared,slave", "invalid mode: shared,slave"),
        ("/s:/x:nocopy", "field VolumeOptions must not be specified"),
    ],
)
def test_bad_volumes(text: str, message: str) -> None:
    """What docker refuses is refused, in its words."""
    with pytest.raises(Invalid, match=re.escape(message)):
        parse_volume(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type=bind,source=/s,target=/x", bind()),
        ("type=bind,src=/s,dst=/x", bind()),
        ("TYPE=bind,SRC=/s,destination=/x", bind()),
        ('"type=bind","src=/s",dst=/x', bind()),
        ('type=bind,"src=/s,t",dst=/x', bind(source="/s,t")),
        ("type=bind,src=/s,target=/y,destination=/x", bind()),
        ("type=bind,src=/s,dst=/x,readonly", bind(read_only=True)),
        ("type=bind,src=/s,dst=/x,ro=1", bind(read_only=True)),
        ("type=bind,src=/s,dst=/x,readonly=false,consistency=cached", bind()),
        ("type=bind,src=/s,dst=/x,bind-propagation=shared", bind(propagation="shared")),
        ("type=bind,src=/s,dst=/x,bind-recursive=disabled", bind(recursive=False)),
        ("type=bind,src=/s,dst=/x,bind-nonrecursive", bind(recursive=False)),
        (
            "type=bind,src=/s,dst=/x,ro,bind-recursive=writable",
            bind(read_only=True, read_only_below=False),
        ),
        (
            "type=bind,src=/s,dst=/x,ro,bind-recursive=readonly,bind-propagation=rprivate",
            bind(read_only=True, read_only_below=True),
        ),
        ("type=tmpfs,dst=/x", Mount(kind=MountKind.TMPFS, target="/x")),
        (
            "type=tmpfs,dst=/x,readonly,tmpfs-size=1k,tmpfs-mode=01770",
            Mount(kind=MountKind.TMPFS, target="/x", read_only=True, options=("mode=1770", "size=1024")),
        ),
        ("type=tmpfs,dst=/x,tmpfs-size=0", Mount(kind=MountKind.TMPFS, target="/x")),
    ],
)
def test_mounts(text: str, expected: Mount) -> None:
    """All keys, under all their names."""
    assert parse_mount(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type", "invalid field 'type' must be a key=value pair"),
        ("type=,dst=/x", "type is required"),
        ("type=bind,src=/s", "target is required"),
        ("type=bind,dst=/x", 'invalid mount config for type "bind": field Source must not be empty'),
        ("type=bind,src=rel,dst=/x", "invalid mount path: 'rel' mount path must be absolute"),
        ("type=bind,src=/s,dst=x", "invalid mount path: 'x' mount path must be absolute"),
        ("type=bind,src=/s,dst=/", "destination can't be '/'"),
        ("type=foo,src=/s,dst=/x", 'invalid mount config for type "foo": mount type unknown'),
        ("type=bind,src=/s,dst=/x,readonly=maybe", "invalid value for readonly: maybe"),
        ("type=bind,src=/s,dst=/x,bogus", "invalid field 'bogus' must be a key=value pair"),
        ("type=bind,src=/s,dst=/x,bogus=1", "unexpected key 'bogus' in 'bogus=1'"),
        ("type=bind, src=/s,dst=/x", "unexpected key ' src' in ' src=/s'"),
        ("type=bind,src=/s,dst=/x,bind-propagation=foo", "invalid propagation mode: foo"),
        ("type=bind,src=/s,dst=/x,bind-recursive=foo", "invalid value for bind-recursive: foo"),
        ("type=bind,src=/s,dst=/x,bind-recursive=readonly", "requires 'readonly' to be specified"),
        (
            "type=bind,src=/s,dst=/x,ro,bind-recursive=readonly",
            "requires 'bind-propagation=rprivate' to be specified",
        ),
        ("type=bind,src=/s,dst=/x,tmpfs-size=1m", "cannot mix 'tmpfs-*' options with mount type 'bind'"),
        ("type=tmpfs,dst=/x,bind-propagation=shared", "cannot mix 'bind-*' options with mount type 'tmpfs'"),
        ("type=tmpfs,dst=/x,volume-nocopy", "cannot mix 'volume-*' options with mount type 'tmpfs'"),
        ("type=tmpfs,dst=/x,src=/s", "field Source must not be specified"),
        ("type=tmpfs,dst=/x,tmpfs-size=zz", "invalid value for tmpfs-size: zz"),
        ("type=tmpfs,dst=/x,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"),
        ('type=bind,"src=/s', "parse error"),
        ("", "a mount needs at least a type and a target"),
    ],
)
def test_bad_mounts(text: str, message: str) -> None:
    """What docker refuses is refused, in its words."""
    with pytest.raises(Invalid, match=re.escape(message)):
        parse_mount(text)


@pytest.mark.parametrize("text", ["dst=/x", "type=volume,src=v,dst=/x", "type=image,src=i,dst=/x"])
def test_mounts_to_come(text: str) -> None:
    """Volumes, which are the type when none is given, and images are not there yet."""
    with pytest.raises(Unsupported, match="not supported yet"):
        parse_mount(text)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("/x", ()),
        ("/x:", ()),
        ("/x:size=64m,exec,mode=1777", ("size=64m", "exec", "mode=1777")),
        (
            "/x:ro,uid=5,gid=6,nr_inodes=1k,size=50%,mpol=default",
            ("ro", "uid=5", "gid=6", "nr_inodes=1k", "size=50%", "mpol=default"),
        ),
    ],
)
def test_tmpfs(text: str, options: tuple[str, ...]) -> None:
    """Options are kept as they are given."""
    assert parse_tmpfs(text) == Mount(kind=MountKind.TMPFS, target="/x", options=options)


@pytest.mark.parametrize(
    "option", ["bogus", "size=zz", "size=", "mode=9", "uid=u", "huge=never", "exec=1", "size", "b:c", "bind"]
)
def test_bad_tmpfs_options(option: str) -> None:
    """An option that the kernel would refuse is named before anything is made."""
    with pytest.raises(Invalid, match=re.escape(f'invalid tmpfs option "{option}"')):
        parse_tmpfs(f"/x:{option}")


@pytest.mark.parametrize("parse", [parse_volume, parse_mount, parse_tmpfs])
@given(
    text=st.text(max_size=20)
    | st.lists(
        st.sampled_from(["type=", "bind", "tmpfs", "src=", "dst=", "/a", "..", ":", ",", "=", '"', "ro", "\n", "\0"]),
        max_size=10,
    ).map("".join)
)
def test_any_text(parse: Callable[[str], Mount], text: str) -> None:
    """Any text is a mount at an absolute place, or refused with a reason."""
    try:
        mount = parse(text)
    except (Invalid, Unsupported):
        return
    assert mount.target.startswith("/")
    assert mount.target != "/"
    assert ".." not in mount.target.split("/")
    assert (mount.kind == MountKind.BIND) == mount.source.startswith("/")
