"""The public surface: a change to it is a decision."""

import ast
import subprocess
import sys
from pathlib import Path

import chub


def test_what_is_promised_can_be_imported() -> None:
    """Every name of ``__all__`` is there, once, in order."""
    assert sorted(chub.__all__, key=str.lower) == chub.__all__
    assert all(getattr(chub, name) is not None for name in chub.__all__)


def test_type_checkers_see_the_same_names() -> None:
    """What is imported for type checkers is what is promised."""
    tree = ast.parse(Path(chub.__file__).read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = [alias.name for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names]

    assert sorted(chub.__all__) == sorted(seen)


def test_importing_chub_costs_nothing() -> None:
    """``import chub`` loads neither grpc nor anything of chub's own but itself."""
    program = "import sys, chub; print([name for name in sys.modules if name.startswith(('grpc', 'google', 'chub.'))])"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_nothing_in_the_package_imports_the_public_face() -> None:
    """Modules import from where a thing is; else the face could not be lazy."""
    offenders = [
        str(path)
        for path in Path(chub.__file__).parent.rglob("*.py")
        if "_generated" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "chub" and node.level == 0
    ]

    assert [each for each in offenders if not each.endswith("chub/__init__.py")] == []
