"""Modules that grpc imports and this command line never uses: they are loaded when somebody touches them.

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
    "grpc.aio",
    "google.protobuf.internal.python_message",
    "google.protobuf.text_format",
    "subprocess",
    "platform",
    "bz2",
    "calendar",
    "ipaddress",
    "lzma",
    "socket",
    "textwrap",
    "tokenize",
)


class Later(ModuleType):
    """Stands for a module until it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            if name in ("__path__", "__spec__", "__file__"):
                raise AttributeError(name)
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def install() -> None:
    """Put the stand-ins in place of modules that are not loaded yet."""
    for name in NAMES:
        sys.modules.setdefault(name, Later(name))


def keep_asyncio_out_of_logging() -> None:
    """From Python 3.12 every log record looks asyncio up, and so would load it."""
    import logging

    logging.logAsyncioTasks = False  # type: ignore[attr-defined]
