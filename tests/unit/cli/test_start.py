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
    "words", [("--help",), ("run", "--help"), ("ps", "--help"), ("images", "--help"), ("container",), ("system",)]
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
