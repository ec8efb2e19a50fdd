"""Modules that grpc and typer import and this command line hardly uses: they are loaded when somebody touches them.

``import grpc`` loads asyncio (and with it ssl and subprocess) for grpc.aio. Together they are a quarter of the start of
a short command. `install` puts a stand-in into ``sys.modules`` under each name; the first attribute that is asked of it
imports the real module. Only the command line does this: a program that imports the SDK gets the real modules.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

NAMES = (
    "asyncio",
    "bz2",
    "calendar",
    "fnmatch",
    "ipaddress",
    "linecache",
    "lzma",
    "ntpath",
    "pkgutil",
    "platform",
    "selectors",
    "socket",
    "subprocess",
    "textwrap",
    "tokenize",
    "google.protobuf.descriptor_database",
    "google.protobuf.internal.python_edition_defaults",
    "google.protobuf.internal.python_message",
    "google.protobuf.text_encoding",
    "google.protobuf.text_format",
    "grpc.aio",
)
TAKEN = {
    "ast": "NodeVisitor",
    "difflib": "get_close_matches",
    "gettext": "gettext",
    "shutil": "get_terminal_size",
    "traceback": "FrameSummary StackSummary",
    "typer.completion": "get_completion_inspect_parameters",
    "uuid": "UUID",
}
"""What typer, and inspect for it, take out of modules by name when they are imported: a call of it loads the module."""


class Later(ModuleType):
    """Stands for a module until it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self and name in ("__path__", "__spec__", "__file__"):
            raise AttributeError(name)
        return getattr(_loaded(self.__name__), name)


def _loaded(name: str) -> ModuleType:
    """The real module."""
    if isinstance(sys.modules.get(name), Later):
        del sys.modules[name]
    return import_module(name)


def _later(module: str, name: str) -> type:
    """Stands for a function or a class of a module until it is called."""
    return type(name, (), {"__new__": lambda _, *args, **named: getattr(_loaded(module), name)(*args, **named)})


def install() -> None:
    """Put the stand-ins in place of modules that are not loaded yet."""
    for name in (*NAMES, *TAKEN):
        sys.modules.setdefault(name, Later(name))
    for module, names in TAKEN.items():
        if isinstance(sys.modules[module], Later):
            for name in names.split():
                setattr(sys.modules[module], name, _later(module, name))


def keep_asyncio_out_of_logging() -> None:
    """From Python 3.12 every log record looks asyncio up, and so would load it."""
    import logging

    logging.logAsyncioTasks = False  # type: ignore[attr-defined]
