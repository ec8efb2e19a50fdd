"""Everything that checks chub. CI, `.ci/run` and a developer call the same sessions.

They run in the environment that nox is in: after ``pip install -e . --group dev`` every session starts at
once. What follows ``--`` goes to the tool: ``nox -s unit -- -k settings``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["protos", "lint", "types", "layers", "unit"]

ENGINES = ["1.6", "1.7", "2.1", "host"]
WORKFLOWS = sorted(map(str, [*Path(".github/workflows").glob("*.yml"), Path("examples/github-actions.yml")]))
SCRIPTS = ["quickstart", ".ci/run", "tests/engines/engines.sh", "chub/cli/completion/chub.bash"]
DAILY = ("-m", "not nightly")  # the others with the directory behind --: nox -s compat -- tests/compat
WORKERS = os.environ.get("CHUB_TEST_WORKERS", str(os.cpu_count() or 1))


def tool(session: nox.Session, name: str, *arguments: str) -> None:
    """Run a program of this environment, whether it is activated or not."""
    session.run(str(Path(sys.executable).with_name(name)), *arguments, external=True)


@nox.session
def protos(session: nox.Session) -> None:
    """Build chub/_generated from the vendored .proto files."""
    tool(session, "python", "hatch_build.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style of the Python files and the scripts; the workflows against GitHub's schema."""
    tool(session, "ruff", "check", *session.posargs)
    tool(session, "ruff", "format", "--check")
    for script in SCRIPTS:
        session.run("bash", "-n", script, external=True)
    tool(session, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    tool(session, "mypy", *session.posargs)


@nox.session
def layers(session: nox.Session) -> None:
    """Who may import whom."""
    tool(session, "lint-imports", "--no-cache", *session.posargs)


@nox.session
def unit(session: nox.Session) -> None:
    """Tests that need neither root nor an engine."""
    tool(session, "pytest", "-n", WORKERS, *(session.posargs or ["tests/unit"]))


@nox.session
@nox.parametrize("engine", ENGINES, ids=ENGINES)
def integration(session: nox.Session, engine: str) -> None:
    """Tests on a private containerd, as root: of the versions of engines.sh, or the host's own."""
    words = session.posargs or [*DAILY, "tests/integration"]
    tool(session, "pytest", "-n", WORKERS, "--engine", engine, *words)


@nox.session
@nox.parametrize("engine", ENGINES, ids=ENGINES)
def kills(session: nox.Session, engine: str) -> None:
    """Every command killed at each of its boundaries, as root: about 430 kills, twenty minutes or more."""
    words = session.posargs or ["tests/integration/test_killed.py"]
    tool(session, "pytest", "-n", WORKERS, "--engine", engine, "--every-kill", *words)


@nox.session
@nox.parametrize("engine", ENGINES, ids=ENGINES)
def soak(session: nox.Session, engine: str) -> None:
    """Many containers, and one many times, as root: minutes for each engine."""
    tool(session, "pytest", "--engine", engine, *(session.posargs or ["tests/soak"]))


@nox.session
def compat(session: nox.Session) -> None:
    """The same commands to docker and to chub, as root."""
    tool(session, "pytest", "-n", WORKERS, *(session.posargs or [*DAILY, "tests/compat"]))


@nox.session
def clients(session: nox.Session) -> None:
    """Programs of PyPI that drive docker's command line, with chub as their docker, as root."""
    tool(session, "pip", "install", "--quiet", "--group", "clients")
    tool(session, "pytest", "-n", WORKERS, *(session.posargs or ["tests/clients"]))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Parsers against inputs that are nearly right, a minute each: -- --fuzz-seconds 600 for more."""
    paths = [] if any(word.startswith("tests/") for word in session.posargs) else ["tests/fuzz"]
    tool(session, "pytest", "-n", WORKERS, *session.posargs, *paths)


@nox.session
def docs(session: nox.Session) -> None:
    """What the README shows, done, as root."""
    tool(session, "pytest", *(session.posargs or ["tests/docs"]))


@nox.session
def site(session: nox.Session) -> None:
    """Man pages in build/man and the documentation's site in build/site; a broken link fails."""
    tool(session, "pip", "install", "--quiet", "--group", "site")
    tool(session, "python", "-m", "reference.man", "build/man")
    session.run(
        str(Path(sys.executable).with_name("python")),
        *("-m", "mkdocs", "build", *session.posargs),
        env={"NO_MKDOCS_2_WARNING": "1"},
        external=True,
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Figures: chub beside ctr and docker, as root."""
    tool(session, "python", "-m", "tests.bench", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Wheel and sdist; the wheel that the sdist makes works in an empty environment, of the Pythons behind -- too."""
    scratch = Path(session.create_tmp()).resolve()
    dist = scratch / "dist"
    session.run("rm", "-rf", str(dist), external=True)
    tool(session, "hatchling", "build", "--directory", str(dist))
    (sdist,) = dist.glob("*.tar.gz")
    wheels = dist / "from-sdist"
    words = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels))
    tool(session, "pip", "wheel", *words, str(sdist))
    (wheel,) = wheels.glob("*.whl")
    for python in (sys.executable, *session.posargs):
        install(session, wheel, python, scratch / "clean")


def install(session: nox.Session, wheel: Path, python: str, clean: Path) -> None:
    """Put a wheel into an empty environment, nothing of which is compiled, and use it."""
    session.run("rm", "-rf", str(clean), external=True)
    session.run(python, "-m", "venv", str(clean), external=True)
    session.run(str(clean / "bin" / "pip"), "install", "--quiet", "--only-binary", ":all:", str(wheel), external=True)
    session.run(str(clean / "bin" / "chub"), "--version", external=True)
    session.run(str(clean / "bin" / "python"), "-c", "import chub.api.services, chub.sdk.client", external=True)
    if not (clean / "share" / "man" / "man1" / "chub.1").is_file():
        session.error("the wheel has no man pages")
