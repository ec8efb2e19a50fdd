"""The entry point, and the table of all commands."""

import gc

from chub.cli import deferred

gc.disable()  # until the imports are done (context.connect): 6 ms of every start
deferred.install()

import os  # noqa: E402
import sys  # noqa: E402
from typing import Annotated  # noqa: E402

import typer  # noqa: E402

from chub.cli.frame import QUIET, Entry, Group, Lazy  # noqa: E402

CONTAINER = {
    "attach": Entry("attach", "Attach local standard streams to a running container"),
    "create": Entry("create", "Create a new container"),
    "exec": Entry("exec", "Execute a command in a running container"),
    "inspect": Entry("inspect:container", "Display detailed information on one or more containers"),
    "kill": Entry("lifecycle:kill", "Kill one or more running containers"),
    "logs": Entry("logs", "Fetch the logs of a container"),
    "ls": Entry("ps", "List containers", "list", "ps"),
    "pause": Entry("lifecycle:pause", "Pause all processes within one or more containers"),
    "port": Entry("port", "List port mappings of a container"),
    "prune": Entry("lifecycle:prune", "Remove all stopped containers"),
    "rename": Entry("lifecycle:rename", "Rename a container"),
    "restart": Entry("start:restart", "Restart one or more containers"),
    "rm": Entry("rm", "Remove one or more containers", "remove"),
    "run": Entry("run", "Create and run a new container from an image"),
    "start": Entry("start:start", "Start one or more stopped containers"),
    "stats": Entry("stats", "Display a live stream of container(s) resource usage statistics"),
    "stop": Entry("lifecycle:stop", "Stop one or more running containers"),
    "top": Entry("lifecycle:top", "Display the running processes of a container"),
    "unpause": Entry("lifecycle:unpause", "Unpause all processes within one or more containers"),
    "update": Entry("update", "Change the limits of one or more containers"),
    "wait": Entry("lifecycle:wait", "Block until one or more containers stop, then print their exit codes"),
}
CONFIG = {
    "show": Entry("plugin:show", "Show the configuration that the engine runs with, and its file"),
}
CONTENT = {
    "get": Entry("content:get", "Write the bytes of a blob to standard output"),
    "info": Entry("content:info", "Display detailed information on one or more blobs"),
    "ingests": Entry("content:ingests", "List what is being written"),
    "ls": Entry("content:ls", "List blobs, with the images that need them"),
    "rm": Entry("content:rm", "Remove one or more blobs"),
}
ENGINE = {
    "start": Entry("engine:start", "Start a private containerd, or find that it runs"),
    "stop": Entry("engine:stop", "Stop the private containerd and the containers that run on it"),
    "status": Entry("engine:status", "Show the private containerd"),
    "logs": Entry("engine:logs", "Print what the private containerd itself said"),
}
IMAGE = {
    "history": Entry("images:history", "Show the history of an image"),
    "import": Entry("rootfs:import", "Make an image of a directory or an archive"),
    "inspect": Entry("images:inspect", "Display detailed information on one or more images"),
    "ls": Entry("images:ls", "List images", "list"),
    "rm": Entry("images:rm", "Remove one or more images", "remove"),
    "tag": Entry("images:tag", "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE"),
}
LEASE = {
    "create": Entry("lease:create", "Create a lease: what is made under it is not collected"),
    "ls": Entry("lease:ls", "List leases, with what each protects"),
    "rm": Entry("lease:rm", "End one or more leases"),
}
NAMESPACE = {
    "create": Entry("namespace:create", "Create a namespace"),
    "label": Entry("namespace:label", "Set labels of a namespace"),
    "ls": Entry("namespace:ls", "List namespaces, with how much is in each"),
    "rm": Entry("namespace:rm", "Remove one or more empty namespaces"),
}
PLUGIN = {
    "ls": Entry("plugin:ls", "List the engine's plugins, and why some do not work"),
}
ROOTFS = {
    "import": Entry("rootfs:import", "Make an image or a snapshot of a directory or an archive"),
    "ls": Entry("rootfs:ls", "List imported root filesystems that are no images"),
    "rm": Entry("rootfs:rm", "Remove imported root filesystems"),
}
SNAPSHOT = {
    "diff": Entry("snapshot:diff", "List the files that a snapshot changes"),
    "info": Entry("snapshot:info", "Display detailed information on one or more snapshots"),
    "ls": Entry("snapshot:ls", "List snapshots, with what each is for"),
    "mounts": Entry("snapshot:mounts", "Print the commands that would mount a snapshot"),
    "rm": Entry("snapshot:rm", "Remove one or more snapshots"),
    "tree": Entry("snapshot:tree", "Show snapshots below their parents"),
    "usage": Entry("snapshot:usage", "Show what snapshots take on the disk"),
}
SYSTEM = {
    "df": Entry("system:df", "Show what images and containers take on the disk"),
    "doctor": Entry("system:doctor", "Find what is left over or broken, and mend what is chub's own"),
    "events": Entry("events", "Get real time events from containerd, in docker's words"),
    "info": Entry("about:info", "Display what the engine and its host are"),
}
COMPLETION = {
    "bash": Entry("completion:bash", "Print the completion script for bash"),
    "fish": Entry("completion:fish", "Print the completion script for fish"),
    "zsh": Entry("completion:zsh", "Print the completion script for zsh"),
}
COMMANDS: dict[str, dict[str, Entry | Group]] = {
    "Common Commands": {
        "run": Entry("run", "Create and run a new container from an image"),
        "exec": Entry("exec", "Execute a command in a running container"),
        "ps": Entry("ps", "List containers"),
        "logs": Entry("logs", "Fetch the logs of a container"),
        "stop": Entry("lifecycle:stop", "Stop one or more running containers"),
        "rm": Entry("rm", "Remove one or more containers"),
        "images": Entry("images:ls", "List images"),
        "chain": Entry("chain", "Show every layer between a container and the kernel, with evidence"),
        "layers": Entry("layers", "Show an image's layers and where they are, beside docker's"),
    },
    "Management Commands": {
        "completion": Group("Complete chub's words in your shell", COMPLETION),
        "config": Group("Show the engine's configuration", CONFIG),
        "container": Group("Manage containers", CONTAINER),
        "content": Group("Manage blobs: layers, configurations, manifests", CONTENT),
        "engine": Group("Run a private containerd, made of the host's programs", ENGINE),
        "image": Group("Manage images", IMAGE),
        "lease": Group("Manage leases, which keep things from collection", LEASE),
        "namespace": Group("Manage containerd's namespaces", NAMESPACE),
        "plugin": Group("Show what the engine is made of", PLUGIN),
        "rootfs": Group("Import root filesystems", ROOTFS),
        "snapshot": Group("Manage snapshots: the files of images and containers", SNAPSHOT),
        "system": Group("Look after the host", SYSTEM),
    },
    "Commands": {
        "attach": Entry("attach", "Attach local standard streams to a running container"),
        "bundle": Entry("bundle:bundle", "Write a container out as an OCI bundle, which plain runc runs"),
        "create": Entry("create", "Create a new container"),
        "events": Entry("events", "Get real time events from containerd, in docker's words"),
        "history": Entry("images:history", "Show the history of an image"),
        "import": Entry("rootfs:import", "Make an image of a directory or an archive"),
        "info": Entry("about:info", "Display what the engine and its host are"),
        "inspect": Entry("inspect:inspect", "Return low-level information on containers and images"),
        "kill": Entry("lifecycle:kill", "Kill one or more running containers"),
        "pause": Entry("lifecycle:pause", "Pause all processes within one or more containers"),
        "port": Entry("port", "List port mappings of a container"),
        "rename": Entry("lifecycle:rename", "Rename a container"),
        "restart": Entry("start:restart", "Restart one or more containers"),
        "rmi": Entry("images:rm", "Remove one or more images"),
        "run-line": Entry("bundle:run_line", "Print the chub run line that makes a container again"),
        "start": Entry("start:start", "Start one or more stopped containers"),
        "stats": Entry("stats", "Display a live stream of container(s) resource usage statistics"),
        "tag": Entry("images:tag", "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE"),
        "top": Entry("lifecycle:top", "Display the running processes of a container"),
        "unpause": Entry("lifecycle:unpause", "Unpause all processes within one or more containers"),
        "update": Entry("update", "Change the limits of one or more containers"),
        "version": Entry("about:version", "Show the version of chub and of the engine"),
        "wait": Entry("lifecycle:wait", "Block until one or more containers stop, then print their exit codes"),
    },
}
UNLISTED = {
    "__complete": Entry("completion:complete", "Print what the last word may become"),
    "help": Entry("help", "Show the help of a command"),
}


class Main(Lazy):
    """`chub` itself."""

    sections = COMMANDS
    named = frozenset({"Commands"})
    unlisted = UNLISTED
    overview = "containerd's containers for people who know docker's, and every layer below them"


app = typer.Typer(cls=Main, invoke_without_command=True, **QUIET)


def _version(context: typer.Context, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        print(f"chub version {version('chub')}")
        raise typer.Exit


@app.callback()
def chub(
    context: typer.Context,
    address: Annotated[
        str | None,
        typer.Option("--address", "-a", "--host", "-H", metavar="SOCKET", help="containerd's socket."),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="containerd namespace to work in.")
    ] = None,
    snapshotter: Annotated[
        str | None, typer.Option("--snapshotter", metavar="NAME", help="containerd snapshotter to use.")
    ] = None,
    data_root: Annotated[
        str | None, typer.Option("--data-root", metavar="DIR", help="Directory of chub's own files.")
    ] = None,
    state_root: Annotated[
        str | None, typer.Option("--state-root", metavar="DIR", help="Directory of chub's volatile files.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", "-D", help="Show a failed call and the traceback.")] = False,
    version: Annotated[
        bool, typer.Option("--version", "-v", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Make the settings of this call known to the command."""
    context.obj = {
        "address": address,
        "namespace": namespace,
        "snapshotter": snapshotter,
        "data_root": data_root,
        "state_root": state_root,
        "debug": "true" if debug else None,
    }
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)


def main() -> None:
    """Run the command line of this process.

    At its end the interpreter is not taken down, which would be 4 ms of every command: nothing is left to be written.
    """
    try:
        app(prog_name="chub")
    except SystemExit as end:
        os._exit(int(end.code or 0))
