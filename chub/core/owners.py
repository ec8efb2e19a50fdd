"""Whose containers may be changed: those of docker and Kubernetes only by who insists."""

from __future__ import annotations

from chub.core.listing import owner_of
from chub.errors import PermissionDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.core.workspace import Workspace

KEPT = frozenset({"docker", "kubernetes"})  # owners that know their containers by a list of their own
NAMESPACES = frozenset({"moby", "k8s.io"})  # where these two keep them


def spared(container: Container, namespace: str) -> bool:
    """Whether a container is docker's or Kubernetes's, or stands among theirs without being chub's."""
    owner = owner_of(container, namespace)
    return owner in KEPT or (owner != "chub" and namespace in NAMESPACES)


def changeable(workspace: Workspace, container: Container, verb: str, *words: str, force: bool) -> Container:
    """A container that is about to be changed, if that is allowed; `verb` is the command, `words` follow the container.

    What is `spared` needs `force`, and its namespace named for this call or client, not by a variable or a config file.
    Raises PermissionDenied with the command line that would do it.
    """
    namespace = workspace.services.namespace
    if (force and _named(workspace)) or not spared(container, namespace):
        return container
    owner = owner_of(container, namespace)
    whose = f"is {owner.capitalize()}'s" if owner in KEPT else f"stands among those of {namespace!r}"
    line = " ".join(("chub --namespace", namespace, verb, "--force", container.id, *words))
    raise PermissionDenied(
        f"{verb}: container {container.id} {whose}: that takes --namespace and --force",
        hint=f"its owner is not told, and may undo it; to do it all the same: {line}",
    )


def permit(workspace: Workspace, verb: str, *words: str, force: bool) -> None:
    """Raise PermissionDenied where objects of docker's or Kubernetes's namespace would be changed by accident.

    There it takes `force` and the namespace named for this call. `verb` and `words` are the command line.
    """
    namespace = workspace.services.namespace
    if namespace not in NAMESPACES or (force and _named(workspace)):
        return
    line = " ".join(("chub --namespace", namespace, verb, "--force", *words))
    raise PermissionDenied(
        f"{verb}: namespace {namespace!r} is another client's: that takes --namespace and --force",
        hint=f"its owner is not told, and may undo it; to do it all the same: {line}",
    )


def _named(workspace: Workspace) -> bool:
    """Whether the namespace was named for this call or client, not by a variable or a config file."""
    settings = workspace.settings
    return settings.sources["namespace"] == "--namespace" and settings.namespace == workspace.services.namespace
