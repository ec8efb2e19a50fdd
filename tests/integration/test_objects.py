"""containerd's own objects on a real containerd: what there is, what uses it, and what may be removed."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chub.errors import AlreadyExists, Conflict, NotFound, PermissionDenied
from chub.sdk.client import Client
from chub.settings import load

if TYPE_CHECKING:
    from chub.settings import Settings
    from tests.support.command import Command
    from tests.support.engines import Engine

LABEL = "chub-test/x"
CHANGE = "echo x > /etc/new; echo more >> /etc/passwd; rm /bin/vi; rm -r /home; mkdir /home; chmod 700 /tmp"
"""A file added, one changed, one deleted, a directory made anew (opaque), a mode changed."""


def test_snapshots_of_a_container(chub: Command, client: Client, image: str) -> None:
    """ls, tree, info, usage, mounts and diff of one container's; it cannot be removed while that is there."""
    made = client.containers.run(image, ["sh", "-c", CHANGE], name="web", remove=False)
    assert made.exit_code == 0
    id = client.containers.get("web").id
    base = client.images.get(image).chain_id

    rows = [json.loads(line) for line in chub.ok("snapshot", "ls", "--no-trunc", "--format", "json").splitlines()]
    assert {(row["ID"], row["Parent"], row["Kind"], row["UsedBy"]) for row in rows} == {
        (base, "", "committed", "image busybox:latest"),
        (id, base, "active", "container web"),
    }
    assert chub.ok("snapshot", "ls", "-q", "--filter", "kind=active") == f"{id[:12]}\n"
    tree = chub.ok("snapshot", "tree").splitlines()
    assert tree[0] == f"overlayfs in namespace {client.settings.namespace}"
    assert re.fullmatch(rf"{base[7:19]} +committed +\S+B  image busybox:latest", tree[1])
    assert re.fullmatch(rf"└ {id[:12]} +active +\S+B  container web", tree[2])
    (info,) = json.loads(chub.ok("snapshot", "info", id[:6]))
    assert (info["Name"], info["Containers"]) == (id, ["web"])
    used = {row.summary.snapshot.name: row for row in client.objects.usage(client.objects.snapshots())}
    assert used[id].total == used[id].size + used[base].size
    assert "upperdir=" in chub.ok("snapshot", "mounts", id, "/mnt")

    changes = chub.ok("snapshot", "diff", "web").splitlines()
    wanted = ["C /bin", "D /bin/vi", "C /etc", "A /etc/new", "C /etc/passwd", "C /home", "D /home/u", "C /tmp"]
    assert [each for each in changes if each in wanted] == wanted
    assert not {"A /bin/sh", "C /bin/sh", "A /home"} & {*changes}
    assert "A /bin/vi" in {f"{each.kind} {each.path}" for each in client.objects.diff(base, id)}

    refused = chub("snapshot", "rm", id, base)
    assert refused.exit_status == 1
    assert "is used by container web" in refused.stderr
    assert f"is the parent of {id}" in refused.stderr
    client.containers.get("web").remove()
    assert client.leases.list() == ()


def test_a_loose_snapshot(chub: Command, client: Client) -> None:
    """What nothing uses goes; a second time there is no such snapshot, in docker's words."""
    client.snapshots.prepare("loose", labels={LABEL: "1", "containerd.io/gc.root": "1"})

    assert chub.ok("snapshot", "ls", "-q", "--filter", f"label={LABEL}=1") == "loose\n"
    assert client.objects.diff("loose") == ()
    assert chub.ok("snapshot", "rm", "loose") == "loose\n"
    again = chub("snapshot", "rm", "loose")
    assert (again.exit_status, again.stdout) == (1, "")
    assert again.stderr.startswith("chub: No such snapshot: loose\nhint: ")


def test_content(chub: Command, client: Client, image: str) -> None:
    """Blobs with the image that needs them, their bytes, and a blob that is loose."""
    kinds = {row.kind: row for row in client.objects.blobs()}
    assert {*kinds} == {"layer", "config", "manifest"}
    assert all(row.images == ("busybox:latest",) for row in kinds.values())
    digest = kinds["config"].blob.digest
    assert json.loads(chub.ok("content", "get", digest[7:19]))["os"] == "linux"
    (info,) = json.loads(chub.ok("content", "info", digest))
    assert (info["Digest"], info["Kind"]) == (digest, "config")
    with pytest.raises(Conflict, match="is needed by image busybox:latest"):
        client.objects.remove_blob(digest)

    lease = chub.ok("lease", "create", "--expires", "1h").strip()
    loose = client.services.under(lease).content.write("loose", [b"bytes"], total=5)
    with client.services.under(lease).content.writer("begun", total=9):
        assert chub.ok("content", "ingests", "--format", "{{.Ref}} {{.Written}}") == "begun 0B / 9B\n"
    client.services.content.abort("begun")
    row = next(each for each in client.objects.leases() if each.lease.id == lease)
    assert loose in {each.id for each in row.resources}
    assert chub.ok("content", "rm", loose) == f"{loose}\n"
    with pytest.raises(NotFound, match="No such content"):
        client.objects.blob(loose)
    assert chub.ok("lease", "rm", lease, "--sync") == f"{lease}\n"
    with pytest.raises(NotFound, match="No such lease"):
        client.objects.remove_lease(lease)


def test_namespaces(chub: Command, client: Client, image: str) -> None:
    """Made, labelled, counted, removed; one with something in it stays."""
    name = f"{client.settings.namespace}-2"
    try:
        assert chub.ok("namespace", "create", name, "--label", "a=b") == f"{name}\n"
        with pytest.raises(AlreadyExists):
            client.objects.create_namespace(name)
        chub.ok("namespace", "label", name, "c=d", "a=")
        assert chub.ok("namespace", "ls", "-q", "--filter", "label=c=d").splitlines() == [name]
        counted = {row.namespace.name: row for row in client.objects.namespaces()}
        assert counted[client.settings.namespace].content == "1 image, 1 snapshot, 3 blobs"
        with pytest.raises(Conflict, match="is not empty: 1 image"):
            client.objects.remove_namespace(client.settings.namespace, force=True)
    finally:
        chub.ok("namespace", "rm", name)
    with pytest.raises(NotFound, match="No such namespace"):
        client.objects.remove_namespace(name)


def test_other_clients_namespaces_are_let_be(settings: Settings, client: Client) -> None:
    """In k8s.io a change takes the namespace named for this call, and force; looking does not."""
    variables = {"CONTAINERD_ADDRESS": settings.address, "CONTAINERD_NAMESPACE": "k8s.io"}
    roots = {"data_root": str(settings.data_root), "state_root": str(settings.state_root)}
    with Client(settings=load(roots, environ=variables, files=())) as theirs:
        assert theirs.objects.leases() == ()
        with pytest.raises(PermissionDenied, match="another client's"):
            theirs.objects.create_lease("mine", force=True)
    with Client(settings=load(roots | {"namespace": "k8s.io"}, environ=variables, files=())) as named:
        with pytest.raises(PermissionDenied) as refused:
            named.objects.create_lease("mine")
        assert "chub --namespace k8s.io lease create --force mine" in refused.value.hint
        assert named.objects.create_lease("mine", force=True) == "mine"
        assert "mine" in {row.lease.id for row in client.objects.leases(all_namespaces=True)}
        named.objects.remove_lease("mine", force=True)
        named.objects.remove_namespace("k8s.io", force=True)


def test_the_engine(chub: Command, client: Client, engine: Engine, tmp_path: Path) -> None:
    """Plugins, configuration, version and info of the engine that runs."""
    status = chub.ok("plugin", "ls", "--filter", "type=snapshotter", "--format", "{{.ID}} {{.Status}}").splitlines()
    assert "overlayfs ok" in status
    assert client.objects.plugins(filters=["status=error"]) == ()
    shown = chub.ok("config", "show")
    file = re.match(r"# file: (\S+)\n# process: (\d+), ", shown)
    assert file
    assert tomllib.loads(shown)["root"] == tomllib.loads(Path(file[1]).read_text())["root"]
    found = json.loads(chub.ok("version", "--format", "json"))
    assert found["Server"]["Version"] == client.version().version
    info = json.loads(chub.ok("info", "--format", "json"))
    assert info["Containerd"] == {
        "Address": engine.address,
        "Namespaces": {"Containers": client.settings.namespace},
    }
    nobody = chub("--address", tmp_path / "none", "version")
    assert (nobody.exit_status, "Server:" in nobody.stdout) == (1, False)
    assert nobody.stdout.startswith("Client:\n Version: ")
    assert "no containerd answers" in nobody.stderr
