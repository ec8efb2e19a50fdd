"""References, manifests, indexes, configurations."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from chub.errors import ChubError
from chub.oci import config, manifests, platforms, references
from tests.fuzz.conftest import Fuzz
from tests.fuzz.strategies import any_text, as_json, nearly, words

DIGEST = "sha256:" + "ab" * 32
LAYER = {"mediaType": manifests.LAYER, "digest": DIGEST, "size": 7, "annotations": {"a": "b"}, "urls": ["http://x"]}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": manifests.MANIFEST,
    "config": {**LAYER, "mediaType": manifests.CONFIG},
    "layers": [LAYER, LAYER],
    "annotations": {"c": "d"},
}
PLATFORM = {"os": "linux", "architecture": "arm", "variant": "v7", "os.version": "1", "os.features": ["x"]}
INDEX = {
    "schemaVersion": 2,
    "mediaType": manifests.INDEX,
    "manifests": [{**LAYER, "mediaType": manifests.MANIFEST, "platform": PLATFORM}] * 2,
}
CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2026-11-24T12:00:00.123456789Z",
    "author": "a",
    "config": {
        "Env": ["A=1"],
        "Cmd": ["sh"],
        "Entrypoint": None,
        "User": "u",
        "WorkingDir": "/",
        "Labels": {"a": "b"},
        "Volumes": {"/v": {}},
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "TERM",
        "Healthcheck": {"Test": ["NONE"], "Interval": 1},
        "Shell": ["sh"],
        "OnBuild": ["RUN x"],
    },
    "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
    "history": [{"created": "2026-11-24T12:00:00+01:00", "created_by": "x", "comment": "y", "empty_layer": True}],
}
DAYS = st.sampled_from(["0001-01-01", "0999-12-31", "9999-12-31", "2026-11-24", "2026-13-01", "20261124", "2026-W01-1"])
CLOCKS = words("T", "00:00:00", "23:59:59", ".", "999999999", "Z", "+01:00", "-01:00", "+24:00", size=6)
TIMES = st.tuples(DAYS, CLOCKS).map("".join)


def test_references(fuzz: Fuzz) -> None:
    """A reference that is one is read again from both of its spellings."""

    @fuzz(words("a", "A", "b.c", "localhost", "docker.io", "library", "/", ":", "@", "-", "_", "80", "[::1]", DIGEST))
    def _(text: str) -> None:
        references.familiar(text)
        try:
            found = references.parse(text)
        except ChubError:
            return
        assert references.parse(str(found)) == found
        assert references.parse(found.short()) == found
        assert references.normalize(text) == found.tagged()


def test_manifests_and_indexes(fuzz: Fuzz) -> None:
    """What is read is written, and read again as the same; a platform is chosen, or not found."""
    kinds = sorted(manifests.MANIFESTS | manifests.INDEXES)

    @fuzz(as_json(nearly(MANIFEST) | nearly(INDEX)), st.sampled_from(kinds) | any_text)
    def _(data: bytes, media_type: str) -> None:
        try:
            found = manifests.parse(data, media_type)
        except ChubError:
            return
        assert manifests.parse(manifests.build(found), media_type) == found
        if isinstance(found, manifests.Index):
            try:
                assert found.select(platforms.host()) in found.manifests
            except ChubError:
                return


def test_configurations(fuzz: Fuzz) -> None:
    """What is read is written, and read again as the same."""

    @fuzz(as_json(nearly(CONFIG)), TIMES)
    def _(data: bytes, time: str) -> None:
        config.parse_time(time)
        document: dict[str, Any] = {**CONFIG, "created": time}
        for each in (data, json.dumps(document).encode()):
            try:
                found = config.parse(each)
            except ChubError:
                continue
            assert config.parse(config.build(found)) == found


def test_platforms(fuzz: Fuzz) -> None:
    """A platform that is one is read again from its own spelling."""

    @fuzz(words("linux", "windows", "/", "amd64", "arm64", "aarch64", "arm", "v7", "v8", ","))
    def _(text: str) -> None:
        try:
            found = platforms.parse(text)
        except ChubError:
            return
        assert platforms.normalized(platforms.parse(str(found))) == platforms.normalized(found)
        platforms.rank(platforms.host(), found)
