"""What the start of a command loads: modules, since seconds depend on the machine."""

import subprocess
import sys

import pytest

HEAVY = ("grpc", "google.protobuf", "rich", "asyncio", "ssl", "subprocess", "pydantic", "unittest", "email")


def loaded(*words: str) -> set[str]:
    """The modules a command line has loaded when it ends."""
    program = (
        "import sys\n"
        f"sys.argv = ['chub', *{words!r}]\n"
        "from chub.cli.main import app\n"
        "try: app(prog_name='chub')\n"
        "finally:\n"
        "    for name, each in sys.modules.items():\n"
        "        if type(each).__name__ != 'Later': print(name, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("run", "--help"),
        ("ps", "--help"),
        ("images", "--help"),
        ("container",),
        ("system",),
        ("__complete", "--", "run", "--na"),
    ],
)
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    """Help needs neither grpc nor protobuf nor rich nor asyncio."""
    modules = loaded(*words)

    assert "chub.cli.main" in modules
    assert not modules & {"grpc", "google.protobuf", "rich", "asyncio"}


def test_a_listing_loads_what_it_needs() -> None:
    """`ps` talks gRPC, and does without asyncio, rich and the code that runs containers."""
    modules = loaded("--address", "/nonexistent", "ps")

    assert "grpc" in modules
    assert "chub.api.tasks" in modules
    assert not modules & {"ssl", "rich", "pydantic", "chub.core.run", "chub.oci.spec.build", "tarfile"}


def test_exec_loads_what_it_needs() -> None:
    """All of its way, and nothing of what makes containers; what typer only might use stays out too."""
    parts = ("chub.cli.commands.exec", "chub.sdk.containers", "chub.core.here", "chub.core.execute")
    program = (
        "import sys\n"
        "import chub.cli.main\n"
        f"import {', '.join(parts)}\n"
        "for name, each in sys.modules.items():\n"
        "    if type(each).__name__ != 'Later': print(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())

    assert modules >= {*parts, "grpc", "chub.core.keeping"}
    assert not modules & {"asyncio", "rich", "ssl", "subprocess", "uuid", "difflib", "ast", "typer.completion"}
    makers = {"chub.core.create", "chub.core.launch", "chub.core.run", "chub.oci.spec.build"}
    assert not modules & {*makers, "chub.options.request", "chub.options.mounts", "tarfile"}


def test_what_typer_takes_is_there_when_it_is_called() -> None:
    """A function and a class, and all else of their modules."""
    program = (
        "from chub.cli import deferred\n"
        "deferred.install()\n"
        "from difflib import get_close_matches\n"
        "from uuid import UUID\n"
        "import uuid\n"
        "print(get_close_matches('exce', ['exec']), UUID(int=1), uuid.NAMESPACE_DNS)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == ("['exec'] 00000000-0000-0000-0000-000000000001 6ba7b810-9dad-11d1-80b4-00c04fd430c8\n")


def test_a_name_is_completed_with_little() -> None:
    """Somebody waits for it at every Tab: names load neither what lists nor what runs containers."""
    modules = loaded("--address", "/nonexistent", "__complete", "--", "--address", "/nonexistent", "stop", "")

    assert "grpc" in modules
    assert not modules & {
        "ssl",
        "rich",
        "chub.core.listing",
        "chub.core.run",
        "chub.oci.spec.build",
        "importlib.resources",
        "json",
        "shutil",
        "traceback",
    }
