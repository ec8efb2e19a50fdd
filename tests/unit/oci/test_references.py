"""References in docker's words."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid
from chub.oci import references

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.20", "docker.io/library/alpine:3.20"),
        ("user/app", "docker.io/user/app:latest"),
        ("docker.io/alpine", "docker.io/library/alpine:latest"),
        ("index.docker.io/user/app:1", "docker.io/user/app:1"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("reg.example.com/a/b/c:x", "reg.example.com/a/b/c:x"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        ("Host/app", "Host/app:latest"),
        (f"alpine@sha256:{HEX}", f"docker.io/library/alpine@sha256:{HEX}"),
        (f"alpine:3@sha256:{HEX}", f"docker.io/library/alpine:3@sha256:{HEX}"),
        ("a__b/c--d.e:_x", "docker.io/a__b/c--d.e:_x"),
    ],
)
def test_the_short_form_becomes_the_full_one(short: str, full: str) -> None:
    """What docker adds is added, and nothing else."""
    assert full == str(references.normalize(short))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BAD:x", "invalid reference format: repository name (library/BAD) must be lowercase"),
        ("user/BAD", "invalid reference format: repository name (user/BAD) must be lowercase"),
        ("", "invalid reference format"),
        (":x", "invalid reference format"),
        ("a:", "invalid reference format"),
        ("a@", "invalid reference format"),
        ("a b", "invalid reference format"),
        ("a:b:c", "invalid reference format"),
        ("../etc", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("/a", "invalid reference format"),
        ("a:" + "t" * 129, "invalid reference format"),
        ("a\x1b[31m", "invalid reference format"),
        (HEX, f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings"),
        ("a" * 256, "repository name must not be more than 255 characters"),
        (f"sha256:{HEX}", "invalid reference format"),
        ("a@md5:" + "0" * 32, "invalid reference format: unsupported digest"),
        ("a@sha256:00", "invalid reference format: malformed digest"),
    ],
)
def test_what_is_no_reference_is_refused_in_dockers_words(text: str, said: str) -> None:
    """A script that greps for docker's message finds it."""
    with pytest.raises(Invalid) as failure:
        references.normalize(text)

    assert str(failure.value).startswith(said)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("docker.io/library/alpine:latest", "alpine:latest"),
        ("docker.io/user/app:1", "user/app:1"),
        ("docker.io/library/a/b:1", "library/a/b:1"),
        ("reg.example.com/library/x:1", "reg.example.com/library/x:1"),
        ("sha256:" + HEX, "sha256:" + HEX),
        ("not a reference", "not a reference"),
    ],
)
def test_a_name_is_shown_as_docker_shows_it(full: str, short: str) -> None:
    """What is no reference stays as it is."""
    assert short == references.familiar(full)


word = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
parts = st.lists(st.lists(word, min_size=1, max_size=3).map("-".join), min_size=1, max_size=4)


@given(parts, st.none() | word)
def test_a_short_form_means_what_it_was_made_from(path: list[str], tag: str | None) -> None:
    """Parsing what `short` gives finds the same reference, whatever the names."""
    text = "/".join(path) + (f":{tag}" if tag else "")
    try:
        reference = references.parse(text)
    except Invalid:
        assert len(text) >= 64
        return

    assert reference == references.parse(reference.short()) == references.parse(str(reference))


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_invalid(text: str) -> None:
    """No text does anything but parse or raise Invalid; what parses is safe to build a path from."""
    try:
        reference = references.normalize(text)
    except Invalid:
        return

    assert ".." not in str(reference).split("/")
    assert str(reference).isprintable()
