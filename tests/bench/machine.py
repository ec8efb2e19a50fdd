"""Where and with what it is measured: without that a figure says nothing."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.peers import REPOSITORY
from tests.support import engines

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = ("chub", "grpcio", "protobuf", "typer")


def machine() -> Mapping[str, str | int]:
    """The machine and its kernel."""
    processor = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "cgroups": 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1,
    }


def python() -> Mapping[str, str | bool]:
    """This Python; one that was built without profile-guided optimisation starts a fifth slower."""
    return {
        "version": platform.python_version(),
        "compiler": platform.python_compiler(),
        "optimised": "-fprofile-use" in (sysconfig.get_config_var("PY_CORE_CFLAGS") or "")
        or "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
    }


def versions(engine: str) -> Mapping[str, str]:
    """Programs and packages that take part."""
    containerd, docker = engines.programs(engine), engines.programs("docker")
    return {package: version(package) for package in PACKAGES} | {
        "containerd": _said(containerd / "containerd", "--version"),
        "docker": _said(docker / "docker", "--version"),
        "docker's containerd": _said(docker / "containerd", "--version"),
        "runc": _said("runc", "--version"),
    }


def commit() -> str:
    """The commit that is measured, short, with a + where chub differs from it; "none" without git."""
    short = _git("rev-parse", "--short", "HEAD")
    return short + ("+" if _git("status", "--porcelain", "--", "chub") else "") if short else "none"


def _said(*words: str | Path) -> str:
    """The version in what a program says of itself."""
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    found = re.search(r"\d+\.\d+\.\d+\S*", said)
    return found[0].rstrip(",") if found else said.strip()


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", REPOSITORY, *words], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
