"""Limits as a host can keep them, as an update changes them, and as a spec has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chub.errors import Conflict, Invalid
from chub.oci.limits import ALL, Controls, fitted, from_oci, merged, to_oci
from chub.options.limits import Limits

MIB = 1 << 20
HOST = Controls(cpu_count=2, cpus="0-1", mems="0")


def kept(limits: Limits, *, update: bool = False) -> Limits:
    """What a host that can do everything makes of them, without a warning."""
    found, warnings = fitted(limits, HOST, update=update)
    assert warnings == ()
    return found


def test_defaults() -> None:
    """Swap is as much as memory; no number of processes is any number."""
    assert kept(Limits()) == Limits()
    assert kept(Limits(memory=10 * MIB)).memory_swap == 20 * MIB
    assert kept(Limits(memory=10 * MIB, memory_swap=-1)).memory_swap == -1
    assert kept(Limits(memory=10 * MIB), update=True).memory_swap == 0
    assert [kept(Limits(pids_limit=number)).pids_limit for number in (-1, 0, 5)] == [None, None, 5]
    assert [kept(Limits(pids_limit=number), update=True).pids_limit for number in (-1, 0, 5)] == [0, None, 5]


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(memory=6 * MIB - 1), "Minimum memory limit allowed is 6MB"),
        (Limits(memory=10 * MIB, memory_swap=9 * MIB), "Minimum memoryswap limit should be larger"),
        (Limits(memory_swap=10 * MIB), "You should always set the Memory limit"),
        (Limits(memory_reservation=1), "Minimum memory reservation allowed is 6MB"),
        (Limits(memory=10 * MIB, memory_reservation=11 * MIB), "can not be less than memory reservation limit"),
        (Limits(memory_swappiness=101), "Valid memory swappiness range is 0-100"),
        (Limits(memory_swappiness=-1), "Valid memory swappiness range is 0-100"),
        (Limits(nano_cpus=10**9, cpu_period=1000), "Nano CPUs and CPU Period cannot both be set"),
        (Limits(nano_cpus=10**9, cpu_quota=1000), "Nano CPUs and CPU Quota cannot both be set"),
        (Limits(nano_cpus=2 * 10**9 + 1), r"from 0.01 to 2.00, as there are only 2 CPUs"),
        (Limits(nano_cpus=-1), "range of CPUs is from 0.01"),
        (Limits(cpu_shares=-1), r"invalid CPU shares \(-1\)"),
        (Limits(cpu_period=999), "CPU cfs period can not be less than 1ms"),
        (Limits(cpu_period=1_000_001), "larger than 1s"),
        (Limits(cpu_quota=999), "CPU cfs quota can not be less than 1ms"),
        (Limits(cpuset_cpus="0-2"), "Requested CPUs are not available - requested 0-2, available: 0-1"),
        (Limits(cpuset_cpus="x"), "Invalid value x for cpuset cpus: invalid format: x"),
        (Limits(cpuset_mems="1"), "Requested memory nodes are not available"),
        (Limits(blkio_weight=9), "Range of blkio weight is from 10 to 1000"),
        (Limits(blkio_weight=1001), "Range of blkio weight is from 10 to 1000"),
    ],
)
def test_what_makes_no_sense(limits: Limits, why: str) -> None:
    """It is refused in docker's words."""
    with pytest.raises(Invalid, match=why):
        fitted(limits, HOST)


def test_what_a_host_lacks() -> None:
    """Each limit is left out with a warning of its own; without swap accounting swap stays free."""
    asked = Limits(memory=10 * MIB, memory_swappiness=5, oom_kill_disable=True, pids_limit=3, blkio_weight=10)

    found, warnings = fitted(asked, replace(HOST, able=ALL - {"memory_swap"}))
    assert found == replace(asked, memory_swap=-1)
    assert ["Memory limited without swap." in words for words in warnings] == [True]

    found, warnings = fitted(asked, replace(HOST, able=frozenset()))
    assert found == Limits(memory_swap=-1)
    assert [words.split()[5] for words in warnings] == ["memory", "memory", "OomKillDisable.", "PIDs", "Block"]
    with pytest.raises(Invalid, match="NanoCPUs can not be set"):
        fitted(Limits(nano_cpus=1), replace(HOST, able=frozenset()))


def test_no_killer_and_no_limit() -> None:
    """That the whole host may run out of memory is said."""
    _, warnings = fitted(Limits(oom_kill_disable=True), HOST)

    assert "no memory limit is set" in warnings[0]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (Limits(cpu_period=1000), Limits(nano_cpus=1), "Nano CPUs cannot be updated as CPU Period has"),
        (Limits(cpu_quota=1000), Limits(nano_cpus=1), "Nano CPUs cannot be updated as CPU Quota has"),
        (Limits(nano_cpus=1), Limits(cpu_period=1000), "CPU Period cannot be updated as NanoCPUs has"),
        (Limits(nano_cpus=1), Limits(cpu_quota=1000), "CPU Quota cannot be updated as NanoCPUs has"),
        (Limits(), Limits(memory=10 * MIB), "smaller than already set memoryswap limit"),
        (Limits(memory=8 * MIB, memory_swap=9 * MIB), Limits(memory=10 * MIB), "update the memoryswap at the same"),
    ],
)
def test_changes_that_do_not_go_together(old: Limits, new: Limits, why: str) -> None:
    """They are refused in docker's words."""
    with pytest.raises(Conflict, match=why):
        merged(old, new)


def test_changes() -> None:
    """What an update leaves open stays."""
    old = Limits(memory=10 * MIB, memory_swap=-1, cpuset_cpus="0", pids_limit=5, nano_cpus=7)

    assert merged(old, Limits()) == old
    assert merged(old, Limits(cpu_quota=-1, memory_swap=20 * MIB)) == replace(old, cpu_quota=-1, memory_swap=20 * MIB)
    assert merged(old, Limits(pids_limit=0)).pids_limit == 0


def test_in_a_spec() -> None:
    """Only what is limited is written, and read again."""
    asked = Limits(
        memory=10 * MIB,
        memory_swap=20 * MIB,
        memory_swappiness=0,
        oom_kill_disable=True,
        cpu_shares=512,
        cpu_period=50_000,
        cpu_quota=-1,
        cpuset_cpus="0",
        cpuset_mems="0-1",
        pids_limit=5,
        blkio_weight=300,
    )
    assert from_oci(to_oci(asked)) == asked
    assert to_oci(Limits()) == {}
    assert to_oci(Limits(nano_cpus=1_500_000_000)) == {"cpu": {"period": 100_000, "quota": 150_000}}
    assert to_oci(Limits(pids_limit=0)) == {"pids": {"limit": -1}}
    assert to_oci(Limits(memory_swap=-1)) == {}
    assert to_oci(Limits(memory_swap=-1), update=True) == {"memory": {"swap": -1}}
    assert from_oci({"cpu": {"shares": 2}, "memory": None}) == Limits(cpu_shares=2)
