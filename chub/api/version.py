"""containerd's Version service."""

from __future__ import annotations

import re

from google.protobuf import empty_pb2

from chub._generated.services.version.v1 import version_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.records import record


@record
class Version:
    """Which containerd runs."""

    version: str  # as its builder named it: "1.6.20~ds1", "v2.1.9"
    revision: str = ""  # of its source; empty when the builder did not say

    def older_than(self, version: str) -> bool:
        """Whether this comes before a version such as "1.7"; never true of one that has no number."""
        own = _numbers(self.version)
        return bool(own) and own < _numbers(version)


class Versions:
    """containerd's `Version` service."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.VersionStub)

    def get(self, *, timeout: Timeout = USUAL) -> Version:
        """What runs."""
        found = self._call(self._stub.Version, empty_pb2.Empty(), "the engine's version", timeout)
        return Version(version=found.version, revision=found.revision)


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers: (1, 6, 20) of "v1.6.20~ds1", () of a bare commit id."""
    found = re.match(r"v?(\d+(?:\.\d+)+)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
