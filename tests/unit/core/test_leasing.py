"""Whether somebody holds a lease."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from chub.api.leases import EXPIRE_LABEL, Lease
from chub.core.leasing import abandoned, mine
from chub.core.marks import CLIENT_LABEL
from chub.keeper.kept import start_ticks

PAST = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
FUTURE = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def lease(client: str, expires: str = FUTURE) -> Lease:
    """A lease with a client and an expiry."""
    return Lease(id="chub-x", labels={EXPIRE_LABEL: expires} | ({CLIENT_LABEL: client} if client else {}))


def test_a_client_that_lives_holds_its_lease() -> None:
    """Also past its time: who is slow is not gone."""
    assert abandoned(lease(mine()[CLIENT_LABEL])) == ""
    assert abandoned(lease(mine()[CLIENT_LABEL], PAST)) == ""


def test_a_client_that_is_gone_does_not() -> None:
    """Whatever time it has left; a pid that comes again is another process."""
    boot, space, pid, ticks = mine()[CLIENT_LABEL].split()
    with subprocess.Popen(["sleep", "100"]) as process:
        gone = f"{boot} {space} {process.pid} {start_ticks(process.pid)}"
        assert abandoned(lease(gone)) == ""
        process.kill()

    assert abandoned(lease(gone)) == f"its client, process {process.pid}, is gone"
    assert abandoned(lease(f"{boot} {space} {pid} {int(ticks) - 1}")) == f"its client, process {pid}, is gone"
    assert abandoned(lease(f"another {space} {pid} {ticks}")) == "its client ran before the host was started"


@pytest.mark.parametrize(
    "elsewhere", ["", "{boot} 1 1 1", "words"], ids=["unnamed", "another pid namespace", "malformed"]
)
def test_where_the_client_cannot_be_seen_time_decides(elsewhere: str) -> None:
    """A time that is none never comes."""
    client = elsewhere.format(boot=mine()[CLIENT_LABEL].split()[0])

    assert abandoned(lease(client)) == ""
    assert abandoned(lease(client, PAST)).startswith("expired at ")
    assert abandoned(lease(client, "bogus")) == ""
