"""Manifests, indexes, configurations, platforms, digests."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid, NotFound
from chub.oci import config, digests, manifests, platforms
from chub.oci.config import History, ImageConfig
from chub.oci.layers import chain_ids
from chub.oci.manifests import CONFIG, INDEX, LAYER, MANIFEST, Descriptor, Index, Manifest
from chub.oci.platforms import Platform

DIGEST = "sha256:" + "0" * 64


def descriptor(media_type: str = LAYER, size: int = 1, platform: Platform | None = None) -> Descriptor:
    """Some descriptor."""
    return Descriptor(media_type=media_type, digest=DIGEST, size=size, platform=platform)


def test_a_manifest_is_read_as_it_was_written() -> None:
    """Building and parsing are each other's reverse, and the bytes do not vary."""
    manifest = Manifest(config=descriptor(CONFIG), layers=(descriptor(), descriptor(size=7)))

    assert manifest == manifests.parse(manifests.build(manifest), MANIFEST)
    assert manifests.build(manifest) == manifests.build(manifest)


def test_an_index_is_read_as_it_was_written() -> None:
    """Platforms with it."""
    arm = Platform(os="linux", architecture="arm", variant="v7")
    index = Index(manifests=(descriptor(MANIFEST, platform=arm),), annotations={"a": "b"})

    assert index == manifests.parse(manifests.build(index), INDEX)


@pytest.mark.parametrize("kind", [manifests.MANIFEST, manifests.DOCKER_MANIFEST])
@pytest.mark.parametrize("foreign", ["manifests", "fsLayers", "signatures"])
def test_a_manifest_that_could_be_something_else_is_refused(kind: str, foreign: str) -> None:
    """Two readers must not see two images."""
    document = json.loads(manifests.build(Manifest(config=descriptor(CONFIG), layers=(), media_type=kind)))
    document[foreign] = []

    with pytest.raises(Invalid, match="ambiguous"):
        manifests.parse(json.dumps(document).encode(), kind)


def test_an_index_that_could_be_a_manifest_is_refused() -> None:
    """The other way round."""
    document = {"schemaVersion": 2, "manifests": [], "layers": [], "config": {}}

    with pytest.raises(Invalid, match="ambiguous"):
        manifests.parse(json.dumps(document).encode(), INDEX)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{}", "schemaVersion"),
        (b'{"schemaVersion": 1}', "schemaVersion"),
        (b"[]", "not a JSON object"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b'{"a": NaN}', "not JSON: NaN is no number"),
        ("{}".encode("utf-16"), "not JSON"),
        (b'{"schemaVersion": 2, "schemaVersion": 2}', "stands twice"),
        (b'{"schemaVersion": 2, "mediaType": "application/x"}', "calls itself application/x"),
        (b'{"schemaVersion": 2, "config": 1}', "config is missing"),
        (b'{"schemaVersion": 2, "config": {"digest": "sha256:0", "size": 1, "mediaType": "x"}}', "digest"),
        (b" " * (manifests.LIMIT + 1), "more than"),
    ],
)
def test_what_is_no_manifest_is_refused(data: bytes, said: str) -> None:
    """Each with its reason, and none with anything but Invalid."""
    with pytest.raises(Invalid, match=said):
        manifests.parse(data, MANIFEST)


@pytest.mark.parametrize("size", [-1, True, "1", None, 1 << 63])
def test_a_size_is_a_size(size: object) -> None:
    """Nothing but a number of bytes."""
    document = {
        "schemaVersion": 2,
        "config": {"digest": DIGEST, "size": size, "mediaType": CONFIG},
        "layers": [],
    }

    with pytest.raises(Invalid, match="size"):
        manifests.parse(json.dumps(document).encode(), MANIFEST)


def test_the_best_manifest_of_an_index_is_selected() -> None:
    """Exact before what the processor also runs; attestations, which have no system, never."""
    offers = [("unknown", "unknown", ""), ("linux", "arm", "v5"), ("linux", "arm", "v6"), ("linux", "arm64", "v8")]
    index = Index(
        manifests=tuple(
            descriptor(MANIFEST, size, Platform(os=os, architecture=architecture, variant=variant))
            for size, (os, architecture, variant) in enumerate(offers)
        )
    )

    assert index.select(Platform(os="linux", architecture="arm64")).size == 3
    assert index.select(Platform(os="linux", architecture="arm", variant="v7")).size == 2
    with pytest.raises(NotFound, match="linux/amd64"):
        index.select(Platform(os="linux", architecture="amd64"))


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform(os="linux", architecture="amd64")),
        ("linux/arm64/v8", Platform(os="linux", architecture="arm64")),
        ("aarch64", Platform(os="linux", architecture="arm64")),
        ("linux/arm", Platform(os="linux", architecture="arm", variant="v7")),
    ],
)
def test_platforms_have_one_spelling(text: str, platform: Platform) -> None:
    """Words of uname and usual variants are the same platform."""
    assert platform == platforms.parse(text)


@pytest.mark.parametrize("text", ["", "/", "a/b/c/d", "linux/", "linux/../x", "linux/a b"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    """Nothing of it may become a path."""
    with pytest.raises(Invalid, match="platform"):
        platforms.parse(text)


def test_a_configuration_is_read_as_it_was_written() -> None:
    """All fields, the bytes do not vary."""
    image = ImageConfig(
        architecture="arm64",
        os="linux",
        created=datetime(2024, 2, 3, 4, 5, 6, 7000, tzinfo=UTC),
        env=("A=1",),
        entrypoint=("/bin/x",),
        cmd=("a", "b"),
        user="1:2",
        workdir="/w",
        labels={"b": "2", "a": "1"},
        volumes=("/v",),
        exposed_ports=("80/tcp",),
        stop_signal="SIGINT",
        healthcheck={"Test": ["NONE"]},
        diff_ids=(DIGEST,),
        history=(History(created_by="x", empty_layer=True),),
    )

    assert image == config.parse(config.build(image))
    assert config.build(image) == config.build(image)
    assert b'"created":"2024-02-03T04:05:06.007Z"' in config.build(image)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-02-03T04:05:06.123456789Z", datetime(2024, 2, 3, 4, 5, 6, 123456, tzinfo=UTC)),
        ("2024-02-03T04:05:06.1+02:00", datetime(2024, 2, 3, 2, 5, 6, 100000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_gos_times_are_read(text: str, time: datetime | None) -> None:
    """Nine digits, any zone; Go's zero is no time."""
    assert time == config.parse_time(text)


@pytest.mark.parametrize("text", ["0999-12-31T00:00:00Z", "2024-02-03T04:05:06.007Z", "9999-12-31T23:59:59Z"])
def test_times_are_written_as_go_does(text: str) -> None:
    """Four digits of a year, and no zero that need not be."""
    time = config.parse_time(text)

    assert time is not None
    assert config.rfc3339(time) == text


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "config rootfs diff_ids history Env Cmd Labels os created schemaVersion layers digest size mediaType"
                " platform urls annotations".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(documents)
def test_any_json_is_understood_or_invalid(document: object) -> None:
    """Whatever somebody wrote into a configuration or manifest: a record, or Invalid."""
    data = json.dumps(document).encode()
    for parse in (
        config.parse,
        lambda data: manifests.parse(data, MANIFEST),
        lambda data: manifests.parse(data, INDEX),
    ):
        try:
            parse(data)
        except Invalid:
            continue


def test_chain_ids_are_those_of_the_specification() -> None:
    """The first is the diff ID; each further one digests the one below and its own."""
    first, second = (f"sha256:{number * 64}" for number in "12")
    expected = "sha256:" + hashlib.sha256(f"{first} {second}".encode()).hexdigest()

    assert (first, expected) == chain_ids([first, second])
    assert chain_ids([]) == ()


def test_digests_that_are_accepted() -> None:
    """sha256 and sha512, nothing else."""
    for digest in (digests.of(b"x"), "sha512:" + hashlib.sha512(b"x").hexdigest()):
        assert digests.checked(digest) == digest
    for text in ("md5:" + "0" * 32, "sha256:" + "0" * 63, "sha256:" + "A" * 64, "sha256", ""):
        with pytest.raises(Invalid):
            digests.checked(text)
