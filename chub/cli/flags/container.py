"""The option groups of `run`: the fields of `chub.options`, spelled as docker's flags."""

from typing import Annotated

import typer

from chub.cli.boundary import USAGE_STATUS
from chub.cli.flags.limits import LimitFlags
from chub.cli.flags.network import NetworkFlags
from chub.cli.flags.parsers import flag
from chub.cli.flags.taken import TakenFlags
from chub.errors import ChubError
from chub.options.lifecycle import Lifecycle
from chub.options.logging import DRIVERS, Logging, logging, parse_log_driver
from chub.options.mounts import Mount, Mounts, parse_mount, parse_tmpfs, parse_volume
from chub.options.namespaces import Namespaces, check
from chub.options.process import Process, parse_env, parse_group, parse_user, parse_workdir, read_env_file
from chub.options.request import Identity, Request, parse_annotation, parse_label, read_label_file
from chub.options.resources import (
    Resources,
    Ulimit,
    parse_device,
    parse_device_rule,
    parse_size,
    parse_sysctl,
    parse_ulimit,
)
from chub.options.security import Security, parse_security_opt
from chub.options.terminal import STREAMS, Terminal, parse_attach
from chub.options.values import parse_integer
from chub.records import record

PROCESS, SECURITY, FILES = "Process", "Security", "Files"
RESOURCES, NAMESPACES, CONTAINER = "Resources", "Namespaces", "Container"


@record
class IdentityFlags:
    """`Identity` as flags."""

    name: Annotated[str | None, flag(CONTAINER, "--name", metavar="NAME", help="Name of the container.")] = None
    rm: Annotated[bool, flag(CONTAINER, "--rm", help="Remove the container when it ends.")] = False
    label: Annotated[
        tuple[str, ...],
        flag(CONTAINER, "--label", "-l", metavar="KEY=VALUE", parse=parse_label, help="Set a label."),
    ] = ()
    label_file: Annotated[
        tuple[str, ...], flag(CONTAINER, "--label-file", metavar="FILE", help="Read labels from a file.")
    ] = ()
    annotation: Annotated[
        tuple[str, ...],
        flag(
            CONTAINER,
            "--annotation",
            metavar="KEY=VALUE",
            parse=parse_annotation,
            help="Set an annotation of the spec.",
        ),
    ] = ()
    runtime: Annotated[
        str | None,
        flag(CONTAINER, "--runtime", metavar="NAME", help="Shim (io.containerd.…) or runc-like program to use."),
    ] = None
    cidfile: Annotated[
        str | None, flag(CONTAINER, "--cidfile", metavar="FILE", help="Write the container's id into a new file.")
    ] = None

    def record(self) -> Identity:
        """As the SDK takes it; files come before single labels, as with docker."""
        files = [label for file in self.label_file for label in read_label_file(file)]
        return Identity(
            name=self.name,
            labels=(*files, *self.label),
            annotations=self.annotation,
            runtime=self.runtime,
            remove=self.rm,
            cidfile=self.cidfile or None,
        )


@record
class ProcessFlags:
    """`Process` as flags."""

    env: Annotated[
        tuple[str, ...],
        flag(
            PROCESS,
            "--env",
            "-e",
            metavar="NAME[=VALUE]",
            parse=parse_env,
            help="Set a variable; NAME alone: as here.",
        ),
    ] = ()
    env_file: Annotated[
        tuple[str, ...], flag(PROCESS, "--env-file", metavar="FILE", help="Read variables from a file.")
    ] = ()
    workdir: Annotated[
        str | None,
        flag(PROCESS, "--workdir", "-w", metavar="DIR", parse=parse_workdir, help="Working directory."),
    ] = None
    user: Annotated[
        str | None,
        flag(PROCESS, "--user", "-u", metavar="USER[:GROUP]", parse=parse_user, help="User, by name or id."),
    ] = None
    group_add: Annotated[
        tuple[str, ...],
        flag(PROCESS, "--group-add", metavar="GROUP", parse=parse_group, help="Further group, by name or id."),
    ] = ()
    entrypoint: Annotated[
        str | None,
        flag(PROCESS, "--entrypoint", metavar="PROGRAM", help="Program to run instead of the image's."),
    ] = None
    init: Annotated[bool, flag(PROCESS, "--init", help="Run an init that passes signals on and reaps processes.")] = (
        False
    )

    def record(self) -> Process:
        """As the SDK takes it; files come before single variables, as with docker."""
        files = [variable for file in self.env_file for variable in read_env_file(file)]
        return Process(
            entrypoint=self.entrypoint,
            env=tuple(filter(None, [*files, *self.env])),
            workdir=self.workdir,
            user=self.user,
            groups=self.group_add,
            init=self.init,
        )


@record
class TerminalFlags:
    """`Terminal` as flags."""

    interactive: Annotated[bool, flag(PROCESS, "--interactive", "-i", help="Pass standard input on.")] = False
    tty: Annotated[bool, flag(PROCESS, "--tty", "-t", help="Give it a terminal.")] = False
    attach: Annotated[
        tuple[str, ...],
        flag(PROCESS, "--attach", "-a", metavar="STREAM", parse=parse_attach, help="Stdin, stdout or stderr only."),
    ] = ()

    def record(self) -> Terminal:
        """As the SDK takes it."""
        wanted = self.attach or STREAMS
        attached = (name for name in STREAMS if name in wanted or (name == "stdin" and self.interactive))
        return Terminal(interactive=self.interactive, tty=self.tty, attached=tuple(attached))


@record
class LifecycleFlags:
    """`Lifecycle` as flags."""

    stop_signal: Annotated[
        str | None,
        flag(CONTAINER, "--stop-signal", metavar="SIGNAL", help="Signal to stop it with (the image's, else SIGTERM)."),
    ] = None
    stop_timeout: Annotated[
        int | None,
        flag(
            CONTAINER,
            "--stop-timeout",
            metavar="SECONDS",
            parse=parse_integer,
            help="Seconds to wait before it is killed when it is to stop (10; -1 waits for ever).",
        ),
    ] = None

    def record(self) -> Lifecycle:
        """As the SDK takes it."""
        return Lifecycle(stop_signal=self.stop_signal or None, stop_timeout=self.stop_timeout)


@record
class SecurityFlags:
    """`Security` as flags."""

    privileged: Annotated[
        bool, flag(SECURITY, "--privileged", help="Give it all privileges and devices of the host.")
    ] = False
    cap_add: Annotated[
        tuple[str, ...], flag(SECURITY, "--cap-add", metavar="CAPABILITY", help="Add a capability, or ALL.")
    ] = ()
    cap_drop: Annotated[
        tuple[str, ...],
        flag(SECURITY, "--cap-drop", metavar="CAPABILITY", help="Drop a capability, or ALL."),
    ] = ()
    security_opt: Annotated[
        tuple[str, ...],
        flag(
            SECURITY,
            "--security-opt",
            metavar="OPTION",
            parse=parse_security_opt,
            help="no-new-privileges, seccomp=FILE|unconfined, apparmor=PROFILE, systempaths=unconfined.",
        ),
    ] = ()
    read_only: Annotated[bool, flag(SECURITY, "--read-only", help="Mount the root filesystem read-only.")] = False

    def record(self) -> Security:
        """As the SDK takes it."""
        return Security(
            privileged=self.privileged,
            cap_add=self.cap_add,
            cap_drop=self.cap_drop,
            security_opt=self.security_opt,
            read_only=self.read_only,
        )


@record
class MountFlags:
    """`Mounts` as flags."""

    volume: Annotated[
        tuple[Mount, ...],
        flag(
            FILES,
            "--volume",
            "-v",
            metavar="DIR:DIR[:ro]",
            parse=parse_volume,
            help="Bind-mount a directory or file.",
        ),
    ] = ()
    mount: Annotated[
        tuple[Mount, ...],
        flag(
            FILES,
            "--mount",
            metavar="type=bind|tmpfs,…",
            parse=parse_mount,
            help="Mount what the words describe.",
        ),
    ] = ()
    tmpfs: Annotated[
        tuple[Mount, ...],
        flag(FILES, "--tmpfs", metavar="DIR[:OPTIONS]", parse=parse_tmpfs, help="Mount a tmpfs."),
    ] = ()
    shm_size: Annotated[
        int | None, flag(FILES, "--shm-size", metavar="SIZE", parse=parse_size, help="Size of /dev/shm.")
    ] = None

    def record(self) -> Mounts:
        """As the SDK takes it."""
        return Mounts(mounts=(*self.volume, *self.mount, *self.tmpfs), shm_size=self.shm_size)


@record
class ResourceFlags:
    """`Resources` as flags."""

    ulimit: Annotated[
        tuple[Ulimit, ...],
        flag(RESOURCES, "--ulimit", metavar="NAME=SOFT[:HARD]", parse=parse_ulimit, help="Limit of a resource."),
    ] = ()
    sysctl: Annotated[
        tuple[str, ...],
        flag(RESOURCES, "--sysctl", metavar="NAME=VALUE", parse=parse_sysctl, help="Kernel parameter."),
    ] = ()
    oom_score_adj: Annotated[
        int | None,
        flag(
            RESOURCES,
            "--oom-score-adj",
            metavar="NUMBER",
            parse=parse_integer,
            help="How gladly the kernel kills it when memory runs out, -1000 to 1000 (0).",
        ),
    ] = None
    device: Annotated[
        tuple[str, ...],
        flag(
            RESOURCES,
            "--device",
            metavar="PATH[:PATH][:rwm]",
            help="Device of the host, or directory of devices, to use.",
        ),
    ] = ()
    device_cgroup_rule: Annotated[
        tuple[str, ...],
        flag(
            RESOURCES,
            "--device-cgroup-rule",
            metavar="RULE",
            parse=parse_device_rule,
            help="Devices it may make nodes of, as 'c 42:* rwm'.",
        ),
    ] = ()
    cgroup_parent: Annotated[
        str, flag(RESOURCES, "--cgroup-parent", metavar="PATH", help="Cgroup to make its own in (/chub).")
    ] = ""

    def record(self) -> Resources:
        """As the SDK takes it."""
        return Resources(
            ulimits=self.ulimit,
            sysctls=self.sysctl,
            oom_score_adj=self.oom_score_adj or 0,
            cgroup_parent=self.cgroup_parent,
            devices=tuple(map(parse_device, self.device)),
            device_cgroup_rules=self.device_cgroup_rule,
        )


@record
class NamespaceFlags:
    """`Namespaces` as flags."""

    ipc: Annotated[
        str,
        flag(NAMESPACES, "--ipc", metavar="MODE", help="private, shareable, none, host or container:C."),
    ] = ""
    pid: Annotated[str, flag(NAMESPACES, "--pid", metavar="MODE", help="host or container:C.")] = ""
    uts: Annotated[str, flag(NAMESPACES, "--uts", metavar="MODE", help="host.")] = ""
    cgroupns: Annotated[
        str, flag(NAMESPACES, "--cgroupns", metavar="MODE", help="private or host (private with cgroup version 2).")
    ] = ""

    def record(self) -> Namespaces:
        """As the SDK takes it; raises Invalid for what docker's own command line refuses."""
        asked = Namespaces(ipc=self.ipc, pid=self.pid, uts=self.uts, cgroup=self.cgroupns)
        check(asked)
        return asked


@record
class LoggingFlags:
    """`Logging` as flags."""

    log_driver: Annotated[
        str,
        flag(
            CONTAINER,
            "--log-driver",
            metavar="json-file|none",
            parse=parse_log_driver,
            help="Keep its output, or not.",
        ),
    ] = DRIVERS[0]
    log_opt: Annotated[
        tuple[str, ...],
        flag(CONTAINER, "--log-opt", metavar="NAME=VALUE", help="max-size and max-file of what is kept."),
    ] = ()

    def record(self) -> Logging:
        """As the SDK takes it."""
        return logging(self.log_driver, self.log_opt)


Image = Annotated[str, typer.Argument(metavar="IMAGE", show_default=False)]
Words = Annotated[list[str] | None, typer.Argument(metavar="[COMMAND] [ARG...]", show_default=False)]
Rootfs = Annotated[
    bool, typer.Option("--rootfs", help="IMAGE is a directory with a root filesystem; it is not changed.")
]


@record
class ContainerFlags:
    """All that `run` and `create` take."""

    identity: IdentityFlags
    process: ProcessFlags
    terminal: TerminalFlags
    lifecycle: LifecycleFlags
    taken: TakenFlags
    security: SecurityFlags
    mounts: MountFlags
    resources: ResourceFlags
    limits: LimitFlags
    namespaces: NamespaceFlags
    network: NetworkFlags
    logging: LoggingFlags

    def request(self, image: str, words: list[str] | None, rootfs: bool) -> Request:
        """What the command line asks for, as the SDK takes it.

        What is wrong in it has the exit status of a flag, but for what docker leaves to its daemon.
        """
        self.taken.check_values()
        log = self.logging.record()
        try:
            self.taken.check(remove=self.identity.rm)
            return Request(
                image=image,
                rootfs=rootfs,
                words=tuple(words or ()),
                identity=self.identity.record(),
                process=self.process.record(),
                terminal=self.terminal.record(),
                lifecycle=self.lifecycle.record(),
                security=self.security.record(),
                mounts=self.mounts.record(),
                resources=self.resources.record(),
                limits=self.limits.record(),
                namespaces=self.namespaces.record(),
                network=self.network.record(),
                logging=log,
            )
        except ChubError as wrong:
            wrong.exit_code = USAGE_STATUS
            raise
