"""From the global options to a client."""

import gc
from typing import TYPE_CHECKING

import typer

from chub.cli import deferred
from chub.settings import Settings, load

if TYPE_CHECKING:
    from chub.sdk.client import Client


def settings(context: typer.Context) -> Settings:
    """The settings of this call."""
    return load(context.obj)


def connect(context: typer.Context) -> "Client":
    """A client for this call, closed when the command ends. It begins to connect, while the command goes on."""
    deferred.keep_asyncio_out_of_logging()
    from chub.sdk.client import Client

    client = Client(settings=settings(context))
    client.services.channel.connect()
    context.call_on_close(client.close)
    gc.freeze()
    gc.enable()
    return client
