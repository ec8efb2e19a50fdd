"""Instructions of a Dockerfile on an image's configuration."""

from __future__ import annotations

from typing import Any

import pytest

from chub.errors import Invalid
from chub.oci.config import ImageConfig
from chub.oci.instructions import parse


def after(*texts: str) -> ImageConfig:
    """An empty configuration after these."""
    image = ImageConfig(architecture="amd64", os="linux")
    for text in texts:
        image = parse(text)(image)
    return image


@pytest.mark.parametrize(
    ("texts", "field", "expected"),
    [
        (['CMD ["sh", "-c"]'], "cmd", ("sh", "-c")),
        (["cmd echo hi"], "cmd", ("/bin/sh", "-c", "echo hi")),
        (["CMD [broken"], "cmd", ("/bin/sh", "-c", "[broken")),
        (["ENTRYPOINT []"], "entrypoint", ()),
        (["ENV A=1 A=2"], "env", ("A=2",)),
        (["ENV A b  c"], "env", ("A=b  c",)),
        (['ENV A=\'$B\' C="x \\" y" D=a\\ b'], "env", ("A=$B", 'C=x " y', "D=a b")),
        (["ENV A=1", "ENV A=2 B=$A C=${A}x D=\\$A E=$NONE"], "env", ("A=2", "B=1", "C=1x", "D=$A", "E=")),
        (["ENV A='x y'", "LABEL l=$A"], "labels", {"l": "x y"}),
        (["EXPOSE 90 80/udp", "EXPOSE 90"], "exposed_ports", ("80/udp", "90/tcp")),
        (['VOLUME ["/a b"]', "VOLUME /c"], "volumes", ("/a b", "/c")),
        (["WORKDIR a", "WORKDIR ../b"], "workdir", "/b"),
        (["ENV U=7", "USER $U"], "user", "7"),
        (["STOPSIGNAL SIGINT"], "stop_signal", "SIGINT"),
        (["ONBUILD RUN true", "ONBUILD USER x"], "on_build", ("RUN true", "USER x")),
        (["HEALTHCHECK NONE"], "healthcheck", {"Test": ["NONE"]}),
        (
            ["HEALTHCHECK --interval=5s --retries=3 CMD true || false"],
            "healthcheck",
            {"Test": ["CMD-SHELL", "true || false"], "Interval": 5 * 10**9, "Retries": 3},
        ),
    ],
)
def test_what_they_change(texts: list[str], field: str, expected: Any) -> None:
    """The last one counts, or they add up."""
    assert getattr(after(*texts), field) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RUN true",
        "CMD",
        "ENV A",
        "ENV A=1 B",
        "ENV =1 A=2",
        "EXPOSE x",
        "STOPSIGNAL BOGUS",
        "HEALTHCHECK true",
        "HEALTHCHECK --often=1s CMD true",
        "HEALTHCHECK --interval=soon CMD true",
    ],
)
def test_what_is_none(text: str) -> None:
    """It is refused, at the latest when it is applied."""
    with pytest.raises(Invalid):
        after(text)
