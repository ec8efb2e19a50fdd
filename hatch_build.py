"""Build `chub/_generated` from `vendor/containerd-protos`, and for a wheel the man pages from the commands.

As a hatchling hook for wheels and editable installs; by hand, `python hatch_build.py [--force]` (without man pages).

The protos import each other by paths inside their own directory (`types/mount.proto`). They are staged under
`chub/_generated/` before protoc sees them: otherwise it would write `from types import mount_pb2`, and
`types` is the standard library's.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("chub/_generated")
SOURCES = Path("vendor/containerd-protos")
STAMP = "BUILT_FROM"
TOOLS = ("grpcio-tools", "mypy-protobuf", "googleapis-common-protos")
GENERATED = ("*.py", "*.pyi")
MAN = "share/man/man1"  # in the environment that the wheel is installed into

OWN_IMPORT = re.compile(r'^import "(?!google/)([^"]+)";$', re.MULTILINE)
SERVICE = re.compile(r"^service \w+", re.MULTILINE)


class ChubBuildHook(BuildHookInterface[Any]):
    """Generates before a wheel (or an editable install) is made, and puts the result into it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling; `version` is "standard" or "editable"."""
        generate(Path(self.root))
        build_data["artifacts"] += [f"/{PACKAGE}/**/{pattern}" for pattern in GENERATED]
        if version == "standard":
            pages = Path(self.directory, ".man")
            subprocess.run([sys.executable, "-m", "reference.man", str(pages)], check=True, cwd=self.root)
            build_data["shared_data"][str(pages)] = MAN

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called by hatchling when the wheel is there."""
        shutil.rmtree(Path(self.directory, ".man"), ignore_errors=True)


def generate(root: Path, *, force: bool = False) -> bool:
    """Bring `chub/_generated` up to date with the protos; False when it already was."""
    target = root / PACKAGE
    sources = root / SOURCES
    protos = {path.relative_to(sources): path.read_text() for path in sources.rglob("*.proto")}
    if not protos:
        raise FileNotFoundError(f"no .proto file under {sources}")
    fingerprint = _fingerprint(protos)
    if not force and _is_current(target, fingerprint):
        return False
    with tempfile.TemporaryDirectory(prefix="chub-protos-") as scratch:
        staged, built = Path(scratch, "staged"), Path(scratch, "built")
        built.mkdir()
        _stage(protos, staged)
        _compile(protos, staged, built)
        outputs = {path.relative_to(built): path.read_bytes() for path in built.rglob("*.py*")}
    _install(outputs, root, target)
    names = sorted(str(path.relative_to(PACKAGE)) for path in outputs)
    (target / STAMP).write_text("\n".join([fingerprint, *names]) + "\n")
    return True


def _fingerprint(protos: dict[Path, str]) -> str:
    """Everything the output depends on: protos, tools, this file."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for tool in TOOLS:
        digest.update(f"{tool} {version(tool)}\n".encode())
    for path in sorted(protos):
        digest.update(f"{path}\0{protos[path]}\0".encode())
    return digest.hexdigest()


def _is_current(target: Path, fingerprint: str) -> bool:
    """Whether the stamp names these sources and every output it lists is still there."""
    try:
        written, *names = (target / STAMP).read_text().splitlines()
    except (FileNotFoundError, ValueError):
        return False
    return written == fingerprint and all((target / name).is_file() for name in names)


def _stage(protos: dict[Path, str], staged: Path) -> None:
    for path, text in protos.items():
        copy = staged / PACKAGE / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(OWN_IMPORT.sub(rf'import "{PACKAGE}/\1";', text))


def _compile(protos: dict[Path, str], staged: Path, built: Path) -> None:
    """Messages and stubs for all files; grpc modules only for files which define a service."""
    messages = sorted(str(PACKAGE / path) for path in protos)
    services = sorted(str(PACKAGE / path) for path, text in protos.items() if SERVICE.search(text))
    mypy = _plugin(staged.parent / "protoc-gen-mypy", "main")
    mypy_grpc = _plugin(staged.parent / "protoc-gen-mypy_grpc", "grpc")
    _protoc(staged, f"--python_out={built}", f"--plugin={mypy}", f"--mypy_out=quiet:{built}", *messages)
    grpc_stubs = f"quiet,only_sync,generate_concrete_servicer_stubs:{built}"
    _protoc(
        staged,
        f"--grpc_python_out={built}",
        f"--plugin={mypy_grpc}",
        f"--mypy_grpc_out={grpc_stubs}",
        *services,
    )
    packages = {parent for path in built.rglob("*.py") for parent in path.relative_to(built).parents}
    for package in packages:
        if package.is_relative_to(PACKAGE):
            (built / package / "__init__.py").write_text(
                '"""Generated from vendor/containerd-protos by hatch_build.py; not to be edited."""\n'
            )


def _plugin(script: Path, function: str) -> Path:
    """A protoc plugin that runs in *this* interpreter: an isolated build may have no scripts on PATH."""
    program = f"from mypy_protobuf.main import {function}; {function}()"
    script.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(program)}\n")
    script.chmod(0o755)
    return script


def _protoc(staged: Path, *arguments: str) -> None:
    places = [staged, _directory("grpc_tools") / "_proto", _directory("google.rpc").parent.parent]
    includes = [f"--proto_path={place}" for place in places]
    command = [sys.executable, "-m", "grpc_tools.protoc", *includes, *arguments]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"protoc failed ({done.returncode}):\n{done.stdout}")


def _directory(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"building chub needs {' '.join(TOOLS)}: no package {package}")
    return Path(next(iter(spec.submodule_search_locations)))


def _install(outputs: dict[Path, bytes], root: Path, target: Path) -> None:
    """Replace what differs, file by file, so that who imports meanwhile sees whole files; drop stale ones."""
    (target / STAMP).unlink(missing_ok=True)
    for path, content in outputs.items():
        final = root / path
        if final.is_file() and final.read_bytes() == content:
            continue
        final.parent.mkdir(parents=True, exist_ok=True)
        fresh = final.with_name(f".{final.name}.{os.getpid()}")
        fresh.write_bytes(content)
        fresh.replace(final)
    wanted = {root / path for path in outputs}
    packages = {package for path in wanted for package in path.parents}
    for path in list(target.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        if path.is_dir() and path not in packages:
            shutil.rmtree(path)
        elif path.is_file() and path not in wanted:
            path.unlink()


if __name__ == "__main__":
    changed = generate(Path(__file__).resolve().parent, force="--force" in sys.argv[1:])
    print(f"{PACKAGE}: {'built' if changed else 'up to date'}")
