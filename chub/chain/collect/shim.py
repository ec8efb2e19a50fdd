"""The shim: the process between containerd and runc, which holds the container's input and output."""

from __future__ import annotations

import json
import os
import posixpath
from typing import TYPE_CHECKING

from chub.chain import programs
from chub.chain.find import Place, shim_arguments
from chub.chain.host import Host, moment, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Shim:
    """A shim that was found."""

    pid: int
    arguments: Mapping[str, str]  # "-namespace", "-id", "-address"
    evidence: tuple[Evidence, ...]  # each says the pid
    bundle: str = ""  # of the container asked for; empty when it could not be read
    bundle_source: str = ""


def find(host: Host, place: Place, init: int) -> tuple[Shim | None, str]:
    """The shim of a container: the parent of its init, else the process with the container in its arguments.

    Without one, why: nothing has those arguments, or ``/proc`` could not be read.
    """
    try:
        if init:
            parent = host.parent(init)
            if parent and (arguments := shim_arguments(host, parent)):
                return _shim(host, parent, arguments, place.id, f"/proc/{init}/status"), ""
        for pid in host.pids():
            if arguments := _named(host, pid, place):
                return _shim(host, pid, arguments, place.id), ""
    except PermissionError:
        return None, "cannot be read: another user's processes; become root"
    except OSError as failure:
        return None, f"cannot be read: {why(failure)}"
    wanted = f"-namespace {place.namespace} -id {place.id} -address {place.address}"
    return None, f"none: no process in /proc has the arguments {wanted}"


def _named(host: Host, pid: int, place: Place) -> dict[str, str] | None:
    """The arguments, if it is the container's shim; None for any other process, and one that just ended."""
    try:
        words = host.cmdline(pid)
        if place.id not in words or place.namespace not in words:
            return None
        arguments = shim_arguments(host, pid)
    except (FileNotFoundError, ProcessLookupError):
        return None
    ours = arguments and place.is_named_by(arguments)
    return arguments if ours else None


def _shim(host: Host, pid: int, arguments: dict[str, str], id: str, parent_of: str = "") -> Shim:
    evidence = [Evidence(parent_of, str(pid))] if parent_of else []
    if arguments["-id"] == id:  # else it serves several containers, and is named after the first
        evidence.append(Evidence(f"/proc/{pid}/cmdline", str(pid)))
    source = f"/proc/{pid}/cwd"
    try:
        # containerd starts a shim in its (first) container's bundle.
        bundle = posixpath.join(posixpath.dirname(host.link(source)), id)
    except OSError:
        bundle = ""
    return Shim(pid=pid, arguments=arguments, evidence=tuple(evidence), bundle=bundle, bundle_source=source)


def collect(host: Host, shim: Shim | None, missing: str) -> Link:
    """The shim's process, program, version and socket."""
    if shim is None:
        return Link(layer=Layer.SHIM, missing=missing)
    cmdline = f"/proc/{shim.pid}/cmdline"
    words = host.cmdline(shim.pid)
    facts = [Fact(label="pid", evidence=shim.evidence), fact("arguments", " ".join(words), cmdline)]
    binary = _binary(host, shim)
    facts.append(binary)
    if binary.value:
        facts.append(Fact(label="version", evidence=(_version(host, binary.value),)))
    facts.append(_socket(host, shim))
    facts.append(fact("containerd", shim.arguments["-address"], cmdline))
    facts.append(fact("started", moment(host.started(shim.pid)), f"/proc/{shim.pid}/stat"))
    return Link(layer=Layer.SHIM, facts=tuple(facts))


def _binary(host: Host, shim: Shim) -> Fact:
    witnesses = []
    recorded = f"{shim.bundle}/shim-binary-path"
    if shim.bundle and host.exists(recorded):
        witnesses.append(Evidence(recorded, host.read(recorded).strip()))
    running = f"/proc/{shim.pid}/exe"
    try:
        witnesses.append(Evidence(running, host.link(running)))
    except OSError as failure:
        witnesses.append(Evidence(running, "", failed=why(failure)))
    return Fact(label="binary", evidence=tuple(witnesses))


def _version(host: Host, binary: str) -> Evidence:
    if not os.path.basename(binary).startswith("containerd-shim"):
        return Evidence(f"{binary} -v", "", failed="not run: not named as shims are")
    return programs.ask(host, binary, "-v", read=programs.version_of_shim)


def _socket(host: Host, shim: Shim) -> Fact:
    """Where the shim serves ttrpc: ``bootstrap.json`` of containerd 2, ``address`` of those before."""
    modern, older = f"{shim.bundle}/bootstrap.json", f"{shim.bundle}/address"
    try:
        if host.exists(modern):
            said = str(json.loads(host.read(modern))["address"])
            return fact("socket", said.removeprefix("unix://"), modern)
        return fact("socket", host.read(older).strip().removeprefix("unix://"), older)
    except OSError as failure:
        return unread("socket", older, why(failure))
    except (ValueError, KeyError) as failure:
        return unread("socket", modern, f"not as expected: {failure}")
