"""Specs that docker 28 handed to runc, and what of a spec a program inside a container can see.

``docker28/default.json`` is the spec of ``docker run --network none IMAGE sleep 600`` on x86-64 with cgroup
version 1, in the form of :func:`visible`. ``docker28/cases.json`` has more command lines, each with what its
spec changes of that, as a JSON merge patch (RFC 7396).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chub.oci.spec.capabilities import NAMES
from chub.options.resources import parse_size

HERE = Path(__file__).with_name("docker28")
ID = "0123456789abcdef" * 4
FILES = "/var/lib/chub/files"

Document = dict[str, Any]


def default() -> Document:
    """What is visible of docker's default container."""
    document: Document = json.loads((HERE / "default.json").read_text())
    return document


def cases() -> dict[str, Document]:
    """Further containers by name: their command line, who their user is, and what differs from the default."""
    document: dict[str, Document] = json.loads((HERE / "cases.json").read_text())
    return document


def patched(document: Document, patch: Document) -> Document:
    """`document` with a JSON merge patch applied."""
    result = dict(document)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = patched(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def visible(spec: Document) -> Document:
    """`spec` without what nobody inside can tell apart: order where there is none, repetitions, host paths.

    Of each capability stand the initials of the sets it is in: bounding, effective, permitted.
    """
    process, linux = dict(spec["process"]), dict(spec["linux"])
    process["capabilities"] = {
        name: " ".join(kind[0] for kind, names in sorted(process["capabilities"].items()) if name in names)
        for name in NAMES
    }
    linux["namespaces"] = sorted(namespace["type"] for namespace in linux["namespaces"])
    linux["resources"] = _limits(linux["resources"]) | {"devices": _rules(linux["resources"]["devices"])}
    if "devices" in linux:
        linux["devices"] = sorted(linux["devices"], key=lambda device: str(device["path"]))
    if "seccomp" in linux:
        linux["seccomp"] = _filter(linux["seccomp"])
    return {
        "process": process,
        "root": {"readonly": spec["root"].get("readonly", False)},
        "hostname": spec.get("hostname", ""),
        "mounts": {mount["destination"]: _mount(mount) for mount in spec["mounts"]},
        "annotations": spec.get("annotations", {}),
        "linux": linux,
    }


def _limits(resources: Document) -> Document:
    """What is limited: docker also writes what is not."""
    limits = {
        part: {name: value for name, value in content.items() if value or name == "swappiness"}
        for part, content in resources.items()
        if part != "devices"
    }
    return {part: content for part, content in limits.items() if content}


def _rules(rules: list[Document]) -> list[str]:
    """Device rules from the last one that is about all devices; what stands before it has no effect."""
    start = max(at for at, rule in enumerate(rules) if "type" not in rule)
    return [json.dumps(rule) for rule in rules[start:]]


def _mount(mount: Document) -> str:
    options = sorted(
        f"size={parse_size(option[5:])}" if option.startswith("size=") else option for option in mount["options"]
    )
    return f"{mount['type']} {mount['source']} {','.join(options)}"


def _filter(filter: Document) -> Document:
    """A filter's rules by system call: runtimes match each call on its own."""
    calls: dict[str, set[str]] = {}
    for rule in filter["syscalls"]:
        what = json.dumps({key: rule[key] for key in ("action", "errnoRet", "args") if key in rule})
        for name in rule["names"]:
            calls.setdefault(name, set()).add(what)
    allowed = json.dumps({"action": "SCMP_ACT_ALLOW"})
    return {
        "default": [filter["defaultAction"], filter.get("defaultErrnoRet", 1)],
        "architectures": dict.fromkeys(filter.get("architectures", ()), True),
        "allowed": dict.fromkeys((name for name in sorted(calls) if calls[name] == {allowed}), True),
        "conditional": {name: sorted(calls[name]) for name in sorted(calls) if calls[name] != {allowed}},
    }
