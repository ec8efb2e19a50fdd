"""The OCI runtime spec of a container, put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.oci.spec import devices, mounts, namespaces, process, resources, security
from chub.oci.spec.base import OCI_VERSION, Spec

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.request import Request

# Each writes its own corner and reads nobody else's, so their order does not matter.
PARTS = (
    process.apply,
    namespaces.apply,
    mounts.apply,
    devices.apply,
    resources.apply,
    security.apply,
)


def build(request: Request, image: ImageConfig, facts: Facts) -> Spec:
    """The spec of the container that `request` asks for, as a dictionary ready for JSON.

    `image` fills in what the request leaves open, and docker's defaults the rest. Raises Invalid for what
    makes no sense together and Unsupported for what the host cannot do.
    """
    spec: Spec = {
        "ociVersion": OCI_VERSION,
        "process": {},
        "root": {"path": "rootfs"},
        "mounts": [],
        "linux": {"resources": {}},
    }
    for part in PARTS:
        part(spec, request, image, facts)
    return spec
