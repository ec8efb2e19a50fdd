"""Security options: what docker takes, and what they say together."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid
from chub.options.security import Confinement, confinement, parse_security_opt

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {}),
        (["no-new-privileges"], {"no_new_privileges": True}),
        (["no-new-privileges=true"], {"no_new_privileges": True}),
        (["no-new-privileges:false"], {}),
        (["no-new-privileges", "no-new-privileges=0"], {}),
        (["seccomp=unconfined"], {"unfiltered": True}),
        (["seccomp:unconfined"], {"unfiltered": True}),
        (['seccomp={"a":1}'], {"profile": {"a": 1}}),
        (["seccomp=unconfined", "seccomp={}"], {"profile": {}}),
        (["apparmor=mine"], {"apparmor": "mine"}),
        (["apparmor=a:b"], {"apparmor": "a:b"}),
        (["systempaths=unconfined", "writable-cgroups=true"], {"all_paths": True, "writable_cgroups": True}),
        (["label=disable"], {}),
    ],
)
def test_options(options: list[str], expected: dict[str, Any]) -> None:
    """Each option, with = or the older colon; of two the later counts."""
    assert confinement(options) == Confinement(**expected)


@pytest.mark.parametrize(
    "option",
    [
        *("", "bogus", "bogus=1", "seccomp", "seccomp=", "apparmor", "apparmor=", "systempaths", "disable"),
        *("systempaths=foo", "writable-cgroups", "writable-cgroups=x", "no-new-privileges=maybe"),
        *("no-new-privileges:maybe", "label=type:x", "label=bogus", "no-new-privileges="),
    ],
)
def test_bad_options(option: str) -> None:
    """An option that chub does not know is refused, never ignored."""
    with pytest.raises(Invalid, match=re.escape(f'invalid --security-opt: "{option}"')):
        parse_security_opt(option)


def test_profile_from_a_file(tmp_path: Path) -> None:
    """The profile itself is kept, so the container does not depend on the file."""
    file = tmp_path / "profile.json"
    file.write_text('{ "defaultAction":\n "SCMP_ACT_ALLOW" }')

    option = parse_security_opt(f"seccomp={file}")

    assert option == 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
    assert confinement([option]).profile == {"defaultAction": "SCMP_ACT_ALLOW"}


def test_no_profile(tmp_path: Path) -> None:
    """A missing file, and one that is no JSON."""
    file = tmp_path / "profile.json"
    with pytest.raises(Invalid, match=r"opening seccomp profile \(.*\) failed: .*no such file or directory"):
        parse_security_opt(f"seccomp={file}")
    file.write_text("A=1")
    with pytest.raises(Invalid, match="compacting json for seccomp profile"):
        parse_security_opt(f"seccomp={file}")
    file.write_bytes(b"\xff")
    with pytest.raises(Invalid, match="compacting json for seccomp profile"):
        parse_security_opt(f"seccomp={file}")
    for text in ("/a/file", "[]"):
        with pytest.raises(Invalid, match="Decoding seccomp profile failed"):
            confinement([f"seccomp={text}"])


@given(st.lists(st.text(max_size=12) | st.dictionaries(st.text(), st.integers()).map(json.dumps), max_size=2))
def test_any_text(words: list[str]) -> None:
    """Any text is an option, or Invalid."""
    with suppress(Invalid):
        confinement([*words, *(f"seccomp={word}" for word in words)])
