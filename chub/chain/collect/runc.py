"""runc's own view: the program, and the state it keeps of a container."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from chub.api.runc import OPTIONS_TYPE, RuncOptions
from chub.chain import programs
from chub.chain.host import Host, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chub.api.containers import Container
    from chub.chain.collect.shim import Shim

SHIM_RUNTIME = "io.containerd.runc.v2"
DEFAULT_ROOT = "/run/containerd/runc"  # the shim's, for every containerd of a host


@record
class State:
    """What runc's ``state.json`` says, where there is one."""

    path: str
    root: Fact  # the directory of all containers of this namespace
    content: Mapping[str, Any] = field(default_factory=dict)
    failed: str = ""

    def witness(self, said: object) -> tuple[Evidence, ...]:
        """This file as a witness that something is so; none where it does not say."""
        return (Evidence(self.path, str(said)),) if said else ()

    @property
    def pid(self) -> int:
        """The pid of init; 0 when it does not say."""
        return int(self.content.get("init_process_pid", 0))

    @property
    def bundle(self) -> str:
        """The bundle that runc was given; empty when it does not say."""
        labels = (self.content.get("config") or {}).get("labels") or ()
        return next((label[7:] for label in labels if label.startswith("bundle=")), "")

    @property
    def cgroups(self) -> Mapping[str, str]:
        """Directories by controller; the v2 one has no name."""
        return self.content.get("cgroup_paths") or {}


def state(host: Host, namespace: str, id: str, container: Container | None, bundle: str) -> State:
    """Read runc's state file. Its root: the record's runtime options, the bundle's copy, or the default."""
    root = Fact(label="root", evidence=_roots(host, namespace, container, bundle))
    path = f"{root.value}/{id}/state.json"
    try:
        return State(path=path, root=root, content=json.loads(host.read(path)))
    except OSError as failure:
        return State(path=path, root=root, failed=why(failure))
    except ValueError as failure:
        return State(path=path, root=root, failed=f"not JSON: {failure}")


def collect(host: Host, found: State, id: str, container: Container | None, shim: Shim | None) -> Link:
    """The runc that ran: its program, its version, and what its state says."""
    if container and container.runtime.name != SHIM_RUNTIME:
        return Link(layer=Layer.RUNC, missing=f"takes no part: the runtime is {container.runtime.name}")
    if container is None and not found.content:
        missing = "unknown: containerd's record, which would name the root of its state, is gone"
        return Link(layer=Layer.RUNC, missing=missing)
    if found.failed:
        return Link(layer=Layer.RUNC, facts=(found.root,), missing=f"no state to read: {found.path}: {found.failed}")
    binary = _binary(host, container, shim)
    facts = [binary, found.root]
    if binary.value:
        version = programs.ask(host, binary.value, "--version", read=programs.version_of_runtime)
        status = programs.ask(host, binary.value, "--root", found.root.value, "state", id, read=_status)
        facts += [Fact(label="version", evidence=(version,)), Fact(label="status", evidence=(status,))]
    facts.append(fact("pid", str(found.pid), found.path))
    if created := found.content.get("created"):
        facts.append(fact("created", str(created), found.path))
    facts.append(fact("state", found.path, found.path))
    return Link(layer=Layer.RUNC, facts=tuple(facts))


def _options(container: Container | None) -> RuncOptions:
    options = container.runtime.options if container else None
    return RuncOptions.unpacked(options) if options and options.type_url == OPTIONS_TYPE else RuncOptions()


def _roots(host: Host, namespace: str, container: Container | None, bundle: str) -> tuple[Evidence, ...]:
    told = []
    if root := _options(container).root:
        told.append(Evidence("Containers.Get", f"{root}/{namespace}"))
    path = f"{bundle}/options.json"
    try:
        if bundle and (root := json.loads(host.read(path) or "{}").get("root")):
            told.append(Evidence(path, f"{root}/{namespace}"))
    except OSError:
        pass  # containerd 1.6 and 1.7 write none where there are no options
    except ValueError as failure:
        told.append(Evidence(path, "", failed=f"not JSON: {failure}"))
    return tuple(told) or (Evidence(f"default of {SHIM_RUNTIME}", f"{DEFAULT_ROOT}/{namespace}"),)


def _binary(host: Host, container: Container | None, shim: Shim | None) -> Fact:
    """The program that the shim runs: the name in the options, along the search path of the shim."""
    name = _options(container).binary_name or "runc"
    if "/" in name:
        return fact("binary", name, "Containers.Get")
    if shim is None:
        return unread("binary", "/proc/SHIM/environ", "no shim whose search path would tell")
    source = f"/proc/{shim.pid}/environ"
    try:
        found = programs.on_path(name, host.environment(shim.pid).get("PATH", ""))
    except OSError as failure:
        return unread("binary", source, why(failure))
    return fact("binary", found, source) if found else unread("binary", source, f"no {name} in its PATH")


def _status(output: str) -> str:
    try:
        return str(json.loads(output)["status"])
    except KeyError:
        raise ValueError("no status") from None
