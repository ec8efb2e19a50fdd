"""Make a container: snapshot, files, spec, record. Nothing runs yet."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from chub.api.containers import Container, Runtime
from chub.api.runc import RuncOptions
from chub.api.wire import TypedValue
from chub.core import cidfile, etc, names
from chub.core.accounts import GROUP, PASSWD, account
from chub.core.apparmor import loaded_profile
from chub.core.files import read
from chub.core.host import host_facts, init_program
from chub.core.images import resolve
from chub.core.leasing import mine
from chub.core.marks import NAME_LABEL, REQUEST, SPEC_FILE, SPEC_TYPE, STOP_SIGNAL_LABEL, VERSION, VERSION_LABEL
from chub.core.rootfs import rootfs_for_run
from chub.core.sources import prepare_sources
from chub.core.together import together
from chub.core.undo import Undo, gone, remove_tree
from chub.core.workspace import Workspace, private_directory, writing
from chub.errors import Invalid
from chub.oci.config import ImageConfig
from chub.oci.limits import fitted
from chub.oci.spec.build import build
from chub.oci.spec.facts import Facts
from chub.oci.spec.process import has_init
from chub.options.limits import Limits
from chub.options.namespaces import joins
from chub.options.request import Request, to_json
from chub.options.signals import parse_signal
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.types import Mount

LEASE = timedelta(hours=1)  # what a killed client leaves is collected after this
SHIM = "io.containerd.runc.v2"


@record
class Created:
    """A container that has been made."""

    id: str
    name: str
    request: Request
    record: Container
    args: tuple[str, ...]  # program and arguments, the image's defaults applied
    mounts: tuple[Mount, ...]  # of its snapshot, for the task
    directory: Path  # of its files
    warnings: tuple[str, ...] = ()  # what was asked for, or in the directory, and the container lacks


@record
class Base:
    """What a container starts from."""

    name: str  # of the image; "" for a directory
    chain_id: str
    config: ImageConfig
    warnings: tuple[str, ...] = ()


def create(workspace: Workspace, request: Request, *, console: tuple[int, int] | None = None) -> Created:
    """Make a container, whole or not at all.

    `console` is the (columns, rows) of its terminal at first. Raises Conflict for a name in use, NotFound for an
    image that is not there, Invalid for what contradicts itself; then nothing is left, nor a file for the id.
    """
    services = workspace.services
    request, warnings = _fitted(request)
    if joins(request.network.network, request.namespaces):
        from chub.core.joining import by_id

        request = by_id(services, request)
    id = names.new_id()
    name = names.checked(request.identity.name) if request.identity.name else names.made_up(id)
    if request.lifecycle.stop_signal is not None:
        parse_signal(request.lifecycle.stop_signal)
    lease = names.lease_of(id)
    snapshots = services.under(lease).snapshots(workspace.settings.snapshotter)
    with Undo() as undo:
        if file := request.identity.cidfile:
            cidfile.reserve(file)
            undo.add(Path(file).unlink, missing_ok=True)
        undo.add(services.leases.delete, lease)
        _, _, base = together(
            lambda: services.leases.create(lease, expires=LEASE, labels=mine()),
            lambda: workspace.engine,
            lambda: _base(workspace, request),
        )
        prepare_sources(request.mounts)
        undo.add(snapshots.remove, id)
        mounts = snapshots.prepare(id, base.chain_id, {VERSION_LABEL: VERSION})
        directory = workspace.data / id
        undo.add(remove_tree, directory)
        with writing(directory):
            private_directory(directory)
        spec = build(request, base.config, _facts(request, base, id, mounts, directory, console))
        packed = TypedValue.of_json(SPEC_TYPE, spec)
        with writing(directory):
            (directory / SPEC_FILE).write_bytes(packed.value)
        record = _record(workspace, request, base, id, name, packed)
        with _claimed(workspace, name) if request.identity.name else nullcontext():
            undo.add(services.containers.delete, id)
            record = services.containers.create(record)
        if file:
            cidfile.write(file, id)
    return Created(
        id=id,
        name=name,
        request=request,
        record=record,
        args=tuple(spec["process"]["args"]),
        mounts=mounts,
        directory=directory,
        warnings=(*warnings, *base.warnings),
    )


def _record(workspace: Workspace, request: Request, base: Base, id: str, name: str, spec: TypedValue) -> Container:
    """The record that containerd is to keep."""
    return Container(
        id=id,
        labels=_labels(request, base, name),
        image=base.name,
        runtime=_runtime(workspace, request),
        spec=spec,
        snapshotter=workspace.settings.snapshotter,
        snapshot_key=id,
        extensions={REQUEST: TypedValue.of_json(REQUEST, to_json(request))},
    )


def _claimed(workspace: Workspace, name: str) -> AbstractContextManager[None]:
    """The name as this container's, also where one has it that nobody else will remove."""

    def given_up(container: Container) -> bool:
        from chub.core import strays

        return strays.given_up(workspace, container)

    return names.claimed(workspace.services, name, given_up=given_up)


def release(workspace: Workspace, created: Created) -> None:
    """End the lease: from now on the record alone holds what belongs to the container."""
    gone(workspace.services.leases.delete, names.lease_of(created.id))


def _fitted(request: Request) -> tuple[Request, tuple[str, ...]]:
    """The request with its limits as this host can keep them, and what it cannot."""
    if request.limits == Limits():
        return request, ()
    from chub.core.cgroups import controls

    limits, warnings = fitted(request.limits, controls())
    return replace(request, limits=limits), warnings


def _facts(
    request: Request,
    base: Base,
    id: str,
    mounts: tuple[Mount, ...],
    directory: Path,
    console: tuple[int, int] | None,
) -> Facts:
    """Look up what the spec depends on, and write the files it binds."""
    user = request.process.user if request.process.user is not None else base.config.user
    who = account(read(mounts, (PASSWD, GROUP)), user, request.process.groups)
    confined = not request.security.privileged and "apparmor=unconfined" not in request.security.security_opt
    host = host_facts(devices=request.security.privileged, apparmor=loaded_profile() if confined else "")
    hostname = request.network.hostname or (host.name if request.network.network == "host" else id[:12])
    with writing(directory):
        files = etc.write(directory, hostname, request.network)
    return Facts(
        id=id,
        host=host,
        uid=who.uid,
        gid=who.gid,
        groups=who.groups,
        hosts_path=files.hosts,
        hostname_path=files.hostname,
        resolv_conf_path=files.resolv_conf,
        init_path=init_program() if has_init(request) else "",
        console=(console[1], console[0]) if console else None,
    )


def _base(workspace: Workspace, request: Request) -> Base:
    services, snapshotter = workspace.services, workspace.settings.snapshotter
    if request.rootfs:
        if not request.image:
            raise Invalid("no directory is named", hint="chub run --rootfs DIRECTORY COMMAND")
        imported = rootfs_for_run(services, Path(request.image), snapshotter=snapshotter, state_dir=workspace.data)
        return Base(name="", chain_id=imported.chain_id, config=imported.config, warnings=imported.warnings)
    image = resolve(services, request.image, snapshotter=snapshotter)
    return Base(name=image.name, chain_id=image.chain_id, config=image.config)


def _runtime(workspace: Workspace, request: Request) -> Runtime:
    """Containerd's name of the shim; any other word is a program the runc shim runs in runc's place."""
    asked = request.identity.runtime or SHIM
    _utf8(asked, "runtime")
    if asked.startswith("io.containerd.") and asked != SHIM:
        return Runtime(name=asked)
    binary = "" if asked in (SHIM, "runc") else asked
    options = RuncOptions(root=workspace.runc_root, binary_name=binary)
    return Runtime(name=SHIM, options=options.packed())


def _labels(request: Request, base: Base, name: str) -> dict[str, str]:
    """The image's, then the user's, then chub's own."""
    labels = dict(base.config.labels)
    labels.update(label.partition("=")[::2] for label in request.identity.labels)
    for label, value in labels.items():
        _utf8(label + value, "label")
        if len(label) + len(value) > 4096:
            raise Invalid(f"label {label[:40]!r}: {len(label) + len(value)} bytes, containerd takes 4096 at most")
    if stop_signal := request.lifecycle.stop_signal or base.config.stop_signal:
        labels[STOP_SIGNAL_LABEL] = stop_signal
    return labels | {NAME_LABEL: name, VERSION_LABEL: VERSION}


def _utf8(text: str, what: str) -> None:
    """Refuse what containerd has no letters for."""
    try:
        text.encode()
    except UnicodeEncodeError as failure:
        raise Invalid(f"{what} {text[:40]!r} is not UTF-8") from failure
