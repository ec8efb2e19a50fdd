"""The limits of cgroups as docker's flags: those of `update`, and those that `run` and `create` have besides."""

from dataclasses import replace
from typing import Annotated

from chub.cli.flags.parsers import flag
from chub.oci.limits import check_swappiness
from chub.options.limits import Limits, parse_cpus, parse_memory_swap, parse_weight
from chub.options.resources import parse_size
from chub.options.values import parse_integer
from chub.records import record

PANEL = "Limits"


@record
class UpdateFlags:
    """What of `Limits` can be changed, as flags; None where a flag is not given."""

    memory: Annotated[
        int | None, flag(PANEL, "--memory", "-m", metavar="SIZE", parse=parse_size, help="Memory, 6m at least.")
    ] = None
    memory_swap: Annotated[
        int | None,
        flag(
            PANEL,
            "--memory-swap",
            metavar="SIZE",
            parse=parse_memory_swap,
            help="Memory and swap together (twice the memory); -1: any amount.",
        ),
    ] = None
    memory_reservation: Annotated[
        int | None,
        flag(
            PANEL,
            "--memory-reservation",
            metavar="SIZE",
            parse=parse_size,
            help="Memory that it keeps when the host runs short.",
        ),
    ] = None
    cpus: Annotated[
        int | None, flag(PANEL, "--cpus", metavar="NUMBER", parse=parse_cpus, help="CPUs, in fractions too.")
    ] = None
    cpu_shares: Annotated[
        int | None,
        flag(
            PANEL,
            "--cpu-shares",
            "-c",
            metavar="WEIGHT",
            parse=parse_integer,
            help="Weight beside others, 2 to 262144 (1024).",
        ),
    ] = None
    cpu_period: Annotated[
        int | None,
        flag(
            PANEL,
            "--cpu-period",
            metavar="MICROSECONDS",
            parse=parse_integer,
            help="Length of a period of the scheduler (100000).",
        ),
    ] = None
    cpu_quota: Annotated[
        int | None,
        flag(PANEL, "--cpu-quota", metavar="MICROSECONDS", parse=parse_integer, help="CPU time in a period; -1: any."),
    ] = None
    cpuset_cpus: Annotated[
        str | None, flag(PANEL, "--cpuset-cpus", metavar="LIST", help="CPUs to run on, as 0-2,7.")
    ] = None
    cpuset_mems: Annotated[
        str | None, flag(PANEL, "--cpuset-mems", metavar="LIST", help="Memory nodes to use, as 0-2,7.")
    ] = None
    pids_limit: Annotated[
        int | None,
        flag(
            PANEL,
            "--pids-limit",
            metavar="NUMBER",
            parse=parse_integer,
            help="Number of processes and threads; -1: any.",
        ),
    ] = None
    blkio_weight: Annotated[
        int | None,
        flag(
            PANEL,
            "--blkio-weight",
            metavar="WEIGHT",
            parse=parse_weight,
            help="Weight of its I/O beside others', 10 to 1000.",
        ),
    ] = None
    kernel_memory: Annotated[
        int | None,
        flag(PANEL, "--kernel-memory", metavar="SIZE", parse=parse_size, help="Taken, and of no effect any more."),
    ] = None

    def changes(self) -> bool:
        """Whether any of them was given."""
        return any(value is not None for value in self.__dict__.values())

    def record(self) -> Limits:
        """As the SDK takes it."""
        return Limits(
            memory=self.memory or 0,
            memory_swap=self.memory_swap or 0,
            memory_reservation=self.memory_reservation or 0,
            nano_cpus=self.cpus or 0,
            cpu_shares=self.cpu_shares or 0,
            cpu_period=self.cpu_period or 0,
            cpu_quota=self.cpu_quota or 0,
            cpuset_cpus=self.cpuset_cpus or "",
            cpuset_mems=self.cpuset_mems or "",
            pids_limit=self.pids_limit,
            blkio_weight=self.blkio_weight or 0,
        )


@record
class LimitFlags(UpdateFlags):
    """`Limits` as flags."""

    memory_swappiness: Annotated[
        int | None,
        flag(
            PANEL,
            "--memory-swappiness",
            metavar="NUMBER",
            parse=parse_integer,
            help="How eagerly it is swapped out, 0 to 100 (the host's).",
        ),
    ] = None
    oom_kill_disable: Annotated[
        bool, flag(PANEL, "--oom-kill-disable", help="Let programs wait for memory instead of killing one.")
    ] = False

    def record(self) -> Limits:
        """As the SDK takes it; raises Invalid for what is no swappiness, before anybody is asked."""
        swappiness = None if self.memory_swappiness == -1 else self.memory_swappiness
        check_swappiness(swappiness)
        return replace(super().record(), memory_swappiness=swappiness, oom_kill_disable=self.oom_kill_disable)
