"""Options of the runc shim (io.containerd.runc.v2), as `Container.runtime` and `Tasks.create` take them."""

from __future__ import annotations

from dataclasses import fields

from chub.api.wire import TypedValue
from chub.errors import Invalid
from chub.records import record

OPTIONS_TYPE = "containerd.runc.v1.Options"
CHECKPOINT_TYPE = "containerd.runc.v1.CheckpointOptions"


@record
class RuncOptions:
    """How the shim is to call runc."""

    root: str = ""  # where runc keeps its state; empty: /run/containerd/runc, of every containerd of the host
    binary_name: str = ""  # a program to run instead of runc
    systemd_cgroup: bool = False  # have systemd make the cgroups
    no_pivot_root: bool = False
    no_new_keyring: bool = False
    shim_cgroup: str = ""  # cgroup to put the shim into
    io_uid: int = 0  # owner of the pipes the shim makes
    io_gid: int = 0
    criu_path: str = ""  # containerd 1.6 and 1.7 only
    criu_image_path: str = ""
    criu_work_path: str = ""
    task_api_address: str = ""  # containerd 2.1 and newer
    task_api_version: int = 0

    def packed(self) -> TypedValue:
        """The value to give containerd."""
        from chub._generated.types.runc.options import oci_pb2 as pb

        message = pb.Options(**{each.name: getattr(self, each.name) for each in fields(self)})
        return TypedValue(type_url=OPTIONS_TYPE, value=message.SerializeToString())

    @classmethod
    def unpacked(cls, value: TypedValue) -> RuncOptions:
        """The options in a value that containerd gave."""
        from chub._generated.types.runc.options import oci_pb2 as pb

        if value.type_url != OPTIONS_TYPE:
            raise Invalid(f"not options of the runc shim: {value.type_url}")
        message = pb.Options.FromString(value.value)
        return cls(**{each.name: getattr(message, each.name) for each in fields(cls)})


@record
class CheckpointOptions:
    """How runc (criu) is to make a checkpoint."""

    exit: bool = False  # end the container then
    open_tcp: bool = False
    external_unix_sockets: bool = False
    terminal: bool = False
    file_locks: bool = False
    empty_namespaces: tuple[str, ...] = ()
    cgroups_mode: str = ""
    image_path: str = ""  # where to; empty: into the content store
    work_path: str = ""

    def packed(self) -> TypedValue:
        """The value to give containerd."""
        from chub._generated.types.runc.options import oci_pb2 as pb

        message = pb.CheckpointOptions(**{each.name: getattr(self, each.name) for each in fields(self)})
        return TypedValue(type_url=CHECKPOINT_TYPE, value=message.SerializeToString())
