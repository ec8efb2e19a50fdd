"""What containers use: the counters of both kinds of cgroup, and docker's formulas."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chub._generated.cgroups.v1 import metrics_pb2 as v1
from chub._generated.cgroups.v2 import metrics_pb2 as v2
from chub.api.tasks import Metric
from chub.api.wire import TypedValue
from chub.core.stats import Counters, Usage, counters, usage

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = 16 * 2**30
UNLIMITED = {1: 2**63 - 4096, 2: 2**64 - 1}
EARLIER = Counters(taken=NOW - timedelta(seconds=2), cpu=1_000_000_000)

# what containerd 2.1 sent of a shell without limits, on a kernel with cgroup v2
RECORDED_V2 = bytes.fromhex(
    "0a0d080110ffffffffffffffffff01125408ffc3ef0510c4ede00118bbd68e043a430a200948e17a14ae471140110000000000000a4019d7a3"
    "703d0ad7eb3f20838cab01121f097b14ae47e17a0c40118fc2f5285c8f024019333333333333e33f2095be75225b088080031080c07c188080"
    "0120b8b60d308080796080807c7080c003800198ec048801a0ca0890019808980101f00101800280a091018802ffffffffffffffffff019802"
    "ffffffffffffffffff01a00280a0b002b202040a0012002a00320c120a0a0320b101120320b1013a1010ffffffffffffffffff011a03324d42"
    "3a1010ffffffffffffffffff011a033147424200"
)


def metric(message: v1.Metrics | v2.Metrics) -> Metric:
    """A message as containerd sends it."""
    name = message.DESCRIPTOR.full_name
    return Metric(id="web", taken=NOW, data=TypedValue(type_url=name, value=message.SerializeToString()))


def test_cgroup_v1() -> None:
    """The cache of unused files is not counted; of the block devices' lines those that read and write are."""
    message = v1.Metrics(
        pids=v1.PidsStat(current=3),
        cpu=v1.CPUStat(usage=v1.CPUUsage(total=5_000)),
        memory=v1.MemoryStat(total_inactive_file=100, usage=v1.MemoryEntry(usage=1100, limit=2048)),
        blkio=v1.BlkIOStat(
            io_service_bytes_recursive=[
                v1.BlkIOEntry(op=op, value=value)
                for op, value in (("Read", 1), ("Write", 20), ("Sync", 300), ("Total", 4000), ("Read", 5))
            ]
        ),
    )

    assert counters(metric(message)) == Counters(
        taken=NOW, cpu=5_000, memory=1000, memory_limit=2048, read=6, written=20, pids=3
    )


def test_cgroup_v2() -> None:
    """The same, from microseconds and a line a device."""
    message = v2.Metrics(
        pids=v2.PidsStat(current=3),
        cpu=v2.CPUStat(usage_usec=5),
        memory=v2.MemoryStat(inactive_file=100, usage=1100, usage_limit=2048),
        io=v2.IOStat(usage=[v2.IOEntry(rbytes=1, wbytes=20), v2.IOEntry(rbytes=5)]),
    )

    assert counters(metric(message)) == Counters(
        taken=NOW, cpu=5_000, memory=1000, memory_limit=2048, read=6, written=20, pids=3
    )


def test_a_recorded_message() -> None:
    """The files of that cgroup said so: usage_usec 12313087, memory.current 2379776, memory.max max, pids.current 1."""
    data = TypedValue(type_url="io.containerd.cgroups.v2.Metrics", value=RECORDED_V2)
    found = counters(Metric(id="web", taken=NOW, data=data))

    assert found == Counters(taken=NOW, cpu=12_313_087_000, memory=2_379_776, memory_limit=UNLIMITED[2], pids=1)


@pytest.mark.parametrize("message", [v1.Metrics(), v2.Metrics()])
def test_no_controllers(message: v1.Metrics | v2.Metrics) -> None:
    """Where the kernel has none, nothing is used."""
    assert counters(metric(message)) == Counters(taken=NOW)


def test_the_cpu_is_that_of_the_time_between() -> None:
    """One and a half CPUs for two seconds are 150 %."""
    assert usage(EARLIER, replace(EARLIER, taken=NOW, cpu=4_000_000_000)).cpu_percent == 150.0


@pytest.mark.parametrize("before", [None, replace(EARLIER, taken=NOW), replace(EARLIER, cpu=2**40)])
def test_a_share_that_nobody_knows_is_none(before: Counters | None) -> None:
    """A container that was not there before, no time between, a restart that began to count again."""
    assert usage(before, replace(EARLIER, taken=NOW)).cpu_percent == 0.0


@pytest.mark.parametrize("limit", [UNLIMITED[1], UNLIMITED[2], 0])
def test_without_a_limit_the_host_is_it(limit: int) -> None:
    """Of the first kind of cgroup "none" is a large number, of the second the largest."""
    found = usage(None, Counters(memory=2**30, memory_limit=limit), host_memory=HOST)

    assert (found.memory_limit, found.memory_percent) == (HOST, 6.25)


def test_an_own_limit() -> None:
    """It is what the percentage is of."""
    assert usage(None, Counters(memory=50, memory_limit=200), host_memory=HOST).memory_percent == 25.0


def test_what_does_not_run_uses_nothing() -> None:
    """Also no percentage of nothing."""
    assert Usage().memory_percent == 0.0
