"""What a container takes from others that run, and from the devices of the host: found anew at every start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chub.core import lifecycle, names
from chub.core.create import Created
from chub.core.host import devices_of, host_facts
from chub.core.listing import request_of, spec_of, summary
from chub.core.respec import respec
from chub.core.workspace import Workspace
from chub.errors import Conflict, NotFound
from chub.keeper.kept import start_ticks
from chub.oci.spec import devices
from chub.oci.spec.facts import Facts
from chub.oci.spec.joining import adopt, join
from chub.options.namespaces import CONTAINER, joined, joins
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.options.request import Request

SHM = "/dev/shm"


@record
class Donor:
    """A container that runs, and whose namespace another joins."""

    id: str
    pid: int
    ticks: int  # start of that process: pids come again
    spec: Mapping[str, Any]


@record
class Joins:
    """What a container that starts has joined."""

    donors: Mapping[str, Donor]  # by the kind of namespace
    shared_memory: bool = False  # also the other's /dev/shm

    def enter(self, pid: int) -> None:
        """Finish it for a container that is set up, and whose program, process `pid`, is not executed yet.

        Raises Conflict if a container that is joined has ended meanwhile: another process may have its pid.
        """
        if self.shared_memory:
            from chub.core.sharing import share_mount

            share_mount(SHM, self.donors["ipc"].pid, pid)
        for kind, donor in self.donors.items():
            if start_ticks(donor.pid) != donor.ticks:
                raise _not_running(kind, donor.id)


def by_id(services: Services, request: Request) -> Request:
    """The request with the ids of the containers it joins instead of their names.

    Raises NotFound, and Conflict for an id that several have; but the network's is looked for when it starts.
    """
    namespaces, network = request.namespaces, request.network
    ids = {}
    for kind, name in joins(network.network, namespaces).items():
        try:
            ids[kind] = CONTAINER + names.find(services, name).id
        except NotFound:
            if kind != "network":
                raise
    if "network" in ids:
        network = replace(network, network=ids.pop("network"))
    return replace(request, network=network, namespaces=replace(namespaces, **ids))


def renewed(workspace: Workspace, created: Created) -> Joins:
    """Write into a container's spec what its next start takes from others, and give back whom it joins.

    Raises NotFound for a container or a device that is gone, Conflict for a container that does not run or does not
    share.
    """
    request = created.request
    spec: dict[str, Any] = dict(spec_of(created.record))
    wanted = joins(request.network.network, request.namespaces)
    donors = {kind: _donor(workspace, kind, name) for kind, name in wanted.items()}
    for kind, donor in donors.items():
        join(spec, kind, donor.pid)
    if "network" in donors:
        adopt(spec, donors["network"].spec)
    if request.resources.devices:
        found = tuple(device for asked in request.resources.devices for device in devices_of(asked))
        host = host_facts(devices=request.security.privileged)
        devices.write(spec, request, Facts(id=created.id, host=host, devices=found))
    respec(workspace, created.record, spec)
    own = any((each["destination"], each["source"]) == (SHM, "shm") for each in spec["mounts"])
    return Joins(donors=donors, shared_memory="ipc" in donors and own)


def _donor(workspace: Workspace, kind: str, name: str) -> Donor:
    """The container whose namespace is joined."""
    services = workspace.services
    try:
        found = names.find(services, name)
    except NotFound as failure:
        if kind != "network":
            raise
        raise NotFound(f"joining network namespace of container: {failure}", hint=failure.hint) from failure
    row = summary(workspace, found, lifecycle.alive(workspace, found.id))
    if not row.pid:
        raise _not_running(kind, found.id, row.name, row.state)
    spec = spec_of(found)
    if kind == "ipc" and not _shares(request_of(found), spec):
        raise Conflict(
            f"failed to join IPC namespace: container {found.id}: "
            "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
        )
    return Donor(id=found.id, pid=row.pid, ticks=start_ticks(row.pid), spec=spec)


def _shares(request: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Whether others may join a container's IPC namespace: it was asked for, or it is not its own."""
    mode = request.get("namespaces", {}).get("ipc", "")
    own = any(each["type"] == "ipc" for each in spec.get("linux", {}).get("namespaces", ()))
    return mode == "shareable" or bool(joined(mode)) or not own


def _not_running(kind: str, id: str, name: str = "", state: str = "exited") -> Conflict:
    if kind == "network":
        return Conflict(f"cannot join network namespace of a non running container: container {name or id} is {state}")
    return Conflict(f"failed to join {kind.upper()} namespace: container {id} is not running")
