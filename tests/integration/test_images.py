"""Images: names, ids, documents, removal, as docker has them, on a real containerd."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chub.api.containers import Container, Runtime
from chub.api.images import Image
from chub.api.namespaces import Namespace
from chub.api.services import Services
from chub.api.types import Descriptor
from chub.api.wire import TypedValue
from chub.core.images import ensure_unpacked, find, put, resolve, set_image
from chub.core.leasing import collect, leased
from chub.core.marks import SPEC_TYPE
from chub.errors import Conflict, Invalid, NotFound
from chub.oci import config, digests, manifests, platforms
from chub.oci.config import History, ImageConfig
from chub.sdk.client import Client
from tests.support.command import Command
from tests.support.waiting import wait_until


def layer(name: str, content: bytes) -> bytes:
    """A tar archive of one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


LAYERS = (layer("below", b"1" * 5000), layer("above", b"2" * 50_000))


@pytest.fixture
def stacked(services: Services) -> Iterator[str]:
    """An image of two compressed layers, in an index beside one of another platform; nothing is unpacked."""
    diff_ids = tuple(digests.of(data) for data in LAYERS)
    here = platforms.host()
    image = ImageConfig(
        architecture=here.architecture,
        os="linux",
        env=("A=1",),
        cmd=("/above",),
        labels={"kind": "stacked"},
        exposed_ports=("80/tcp",),
        diff_ids=diff_ids,
        history=(
            History(created_by="ADD below"),
            History(created_by="CMD /above", empty_layer=True),
            History(created_by="ADD above", comment="last"),
        ),
    )
    with leased(services, "test") as under:
        blobs = [put(under, gzip.compress(data), media_type=f"{manifests.LAYER}+gzip", labels={}) for data in LAYERS]
        described = put(under, config.build(image), media_type=manifests.CONFIG, labels={})
        manifest = manifests.Manifest(config=_oci(described), layers=tuple(map(_oci, blobs)))
        kept = {"containerd.io/gc.ref.content.config": described.digest} | {
            f"containerd.io/gc.ref.content.l.{number}": blob.digest for number, blob in enumerate(blobs)
        }
        target = put(under, manifests.build(manifest), media_type=manifests.MANIFEST, labels=kept)
        other = platforms.Platform(os="linux", architecture="s390x" if here.architecture != "s390x" else "amd64")
        index = manifests.Index(
            manifests=(
                manifests.Descriptor(
                    media_type=manifests.MANIFEST, digest=digests.of(b"other"), size=5, platform=other
                ),
                manifests.Descriptor(
                    media_type=manifests.MANIFEST, digest=target.digest, size=target.size, platform=here
                ),
            )
        )
        labels = {"containerd.io/gc.ref.content.m.0": target.digest}
        set_image(
            under,
            "docker.io/library/stacked:1",
            put(under, manifests.build(index), media_type=manifests.INDEX, labels=labels),
        )
    yield "stacked:1"
    for record in services.images.list():
        services.images.delete(record.name)


def _oci(blob: Descriptor) -> manifests.Descriptor:
    return manifests.Descriptor(media_type=blob.media_type, digest=blob.digest, size=blob.size)


def test_what_images_take(client: Client, services: Services, chub: Command, stacked: str, image: str) -> None:
    """By platform, those that are not here too; what two need counts once; a container holds its image's."""
    services.images.create(Image(name="docker.io/library/again:1", target=find(services, stacked).target))
    chub.ok("create", "--name", "web", image, "true")
    usage = {each.names: each for each in client.images.usage()}
    tree = chub.ok("images", "--tree").splitlines()
    images, containers, *others = client.df().groups

    busybox, other = usage[(f"{image}:latest",)], usage[("again:1", stacked)]
    assert [each.size for each in other.platforms] == [0, other.platforms[1].content]
    assert other.content > other.platforms[1].content > 0
    assert (busybox.containers, other.containers, busybox.platforms[0].used) == (1, 0, True)
    assert (images.total, images.active, images.reclaimable) == (2, 1, other.size)
    assert images.size == busybox.size + other.size
    assert (containers.total, containers.active, containers.reclaimable) == (1, 0, containers.size)
    assert [(each.total, each.size) for each in others] == [(0, 0)] * 2
    here = platforms.host()
    assert [line.partition("  ")[0] for line in tree[3:]] == [
        "again:1",
        stacked,
        f"├─ {other.platforms[0].platform}",
        f"└─ {here}",
        "",
        f"{image}:latest",
        f"└─ {here}",
        "",
    ]
    assert [line.endswith("U") for line in tree[3:]] == [False] * 5 + [True, True, False]
    chub.ok("rm", "web")


def test_an_image_is_found_by_name_and_by_id(services: Services, image: str) -> None:
    """Short and full names, the id, its beginning, with and without the algorithm, the target's digest too."""
    found = resolve(services, image)
    words = [
        "busybox",
        "busybox:latest",
        "docker.io/library/busybox",
        found.config_digest,
        found.config_digest[7:],
        found.config_digest[7:19],
        found.config_digest[:14],
        found.descriptor.digest,
    ]

    assert [found] * len(words) == [resolve(services, word) for word in words]


def test_what_is_not_there_is_said_as_docker_does(chub: Command) -> None:
    """The words that scripts look for, in each command."""
    for words in (["history"], ["image", "inspect"], ["rmi"], ["tag"]):
        ended = chub(*words, "nosuch", *(["x"] if words == ["tag"] else []))
        assert ended.exit_status == 1
        assert "No such image: nosuch:latest" in ended.stderr
    assert chub("image", "inspect", "nosuch").stdout == "[]\n"
    ended = chub("rmi", "-f", "nosuch")
    assert (ended.exit_status, ended.stdout) == (0, "")
    assert "No such image: nosuch:latest" in ended.stderr
    assert "invalid reference format: repository name (library/BAD) must be lowercase" in chub("rmi", "BAD:x").stderr
    assert chub.ok("images", "nosuch") == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n"


def test_another_namespace_is_named(services: Services, chub: Command, image: str) -> None:
    """With the way to look there."""
    other = services.within(f"{services.namespace}-other")
    other.namespaces.create(Namespace(name=other.namespace))
    try:
        with pytest.raises(NotFound) as failure:
            find(other, image)
        assert f"--namespace {services.namespace}" in failure.value.hint
        said = chub("history", image, env={"CONTAINERD_NAMESPACE": other.namespace}).stderr
        assert f"chub --namespace {services.namespace}" in said
    finally:
        other.namespaces.delete(other.namespace)


def test_all_namespaces_are_listed(services: Services, chub: Command, image: str) -> None:
    """Each row with its namespace."""
    rows = [line.split() for line in chub.ok("image", "ls", "-A").splitlines()]

    assert rows[0][-1] == "NAMESPACE"
    assert ["busybox", services.namespace] in [[row[0], row[-1]] for row in rows]


def test_the_list_has_dockers_shape(chub: Command, image: str) -> None:
    """Columns, ids, filters, JSON with docker's keys."""
    chub.ok("tag", image, "reg.example.com:5000/a/b:c")
    header, *rows = chub.ok("images").splitlines()
    assert header.split("   ")[0] == "REPOSITORY"
    assert header.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert {tuple(row.split()[:2]) for row in rows} == {("busybox", "latest"), ("reg.example.com:5000/a/b", "c")}
    (id,) = set(chub.ok("images", "-q", "--no-trunc").split())
    assert id.startswith("sha256:")
    assert chub.ok("images", "-q", "busybox").strip() == id[7:19]
    assert chub.ok("images", "-q", "reg.example.com:5000/*/b").strip() == id[7:19]
    assert chub.ok("images", "-q", "reg*") == ""
    assert chub.ok("images", "-q", "busybox:other") == ""
    assert "sha256:" in chub.ok("images", "--digests")
    first = json.loads(chub.ok("images", "--format", "json").splitlines()[0])
    assert sorted(first) == sorted(
        "Containers CreatedAt CreatedSince Digest ID Repository SharedSize Size Tag UniqueSize VirtualSize".split()
    )
    assert chub.ok("images", "--format", "{{.Repository}}", "busybox") == "busybox\n"
    chub.ok("rmi", "reg.example.com:5000/a/b:c")


def test_filters(client: Client, stacked: str, image: str) -> None:
    """docker's, and an error for others."""

    def names(*filters: str) -> set[str]:
        return {row.repository for row in client.images.list(filters=filters)}

    assert names("label=kind") == names("label=kind=stacked") == {"stacked"}
    assert names("label=kind=other") == set()
    assert names("reference=stack*", "reference=busy*") == {"stacked", "busybox"}
    assert names("reference=stack*", "label=kind") == {"stacked"}
    assert names("dangling=true") == set()
    assert names("dangling=false") == {"stacked", "busybox"}
    for bad, said in (
        ("bogus=1", "invalid filter 'bogus'"),
        ("bogus", "bad format of filter"),
        ("dangling=x", "dangling"),
    ):
        with pytest.raises(Invalid, match=said):
            client.images.list(filters=(bad,))


def test_tags(services: Services, client: Client, image: str) -> None:
    """A further name for the same target; one that is taken moves."""
    tagged = client.images.tag(image, "user/app:1")
    assert (tagged.name, tagged.digest) == ("docker.io/user/app:1", client.images.get(image).digest)
    assert client.images.tag("user/app:1", "user/app:1").digest == tagged.digest
    services.images.update(
        Image(name=tagged.name, target=Descriptor(media_type="x", digest="sha256:" + "0" * 64, size=1)), "target"
    )
    assert client.images.tag(image, "user/app:1").digest == tagged.digest
    tagged.remove()
    for bad, said in (
        ("BAD:x", 'Error parsing reference: "BAD:x" is not a valid repository/tag: invalid reference format'),
        ("a@sha256:" + "0" * 64, "refusing to create a tag with a digest reference"),
    ):
        with pytest.raises(Invalid) as failure:
            client.images.tag(image, bad)
        assert str(failure.value).startswith(said)


def test_an_image_is_unpacked_when_it_is_needed(services: Services, stacked: str) -> None:
    """Layer by layer, for this machine's platform; the image keeps the snapshots, and they go with it."""
    found = resolve(services, stacked)
    assert not services.snapshots().list()

    resolve(services, stacked, snapshotter="overlayfs")
    collect(services)
    snapshots = {each.name: each.parent for each in services.snapshots().list()}
    below, above = found.documents.chain_ids
    assert snapshots == {below: "", above: below}

    services.snapshots().remove(above)
    ensure_unpacked(services, found, snapshotter="overlayfs")
    assert services.snapshots().stat(above).parent == below
    assert not services.leases.list()


def test_history(client: Client, chub: Command, stacked: str) -> None:
    """The last step first; the image's id at it; a size where the step made a layer."""
    client.images.get(stacked).unpack()
    steps = client.images.get(stacked).history()

    assert [step.created_by for step in steps] == ["ADD above", "CMD /above", "ADD below"]
    assert [step.image for step in steps] == [client.images.get(stacked).id, "", ""]
    assert steps[0].size > steps[2].size > steps[1].size == 0
    header, first, second, _ = chub.ok("history", stacked).splitlines()
    assert header.split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert first.split()[0] == client.images.get(stacked).id[7:19]
    assert first.split()[-1] == "last"
    assert second.split()[0] == "<missing>"


def test_inspect_has_dockers_keys(chub: Command, stacked: str) -> None:
    """In docker's order, with docker's empty values."""
    (found,) = json.loads(chub.ok("image", "inspect", stacked))
    expected = (
        "Id RepoTags RepoDigests Parent Comment Created DockerVersion Author Architecture Os Size GraphDriver RootFS"
    )

    assert list(found) == [*expected.split(), "Metadata", "Descriptor", "Config"]
    assert found["RepoTags"] == ["stacked:1"]
    assert found["RepoDigests"] == [f"stacked@{found['Descriptor']['digest']}"]
    assert found["RootFS"] == {"Type": "layers", "Layers": [digests.of(data) for data in LAYERS]}
    assert found["Comment"] == "last"
    assert found["Created"] == "0001-01-01T00:00:00Z"
    assert found["Config"] == {
        "Cmd": ["/above"],
        "Entrypoint": None,
        "Env": ["A=1"],
        "ExposedPorts": {"80/tcp": {}},
        "Labels": {"kind": "stacked"},
        "OnBuild": None,
        "User": "",
        "Volumes": None,
        "WorkingDir": "",
    }
    assert chub.ok("image", "inspect", "-f", "{{.Id}}", stacked).strip() == found["Id"]
    assert list(found["Config"]) == sorted(found["Config"])
    made = chub.ok("create", "-l", "z=1", "-l", "a=2", stacked).strip()
    config = json.loads(chub.ok("inspect", "-f", "{{json .Config}}", made))
    assert config["ExposedPorts"] == {"80/tcp": {}}
    assert list(config["Labels"].items()) == [("a", "2"), ("kind", "stacked"), ("z", "1")]
    chub.ok("rm", made)


def test_names_go_one_by_one(chub: Command, services: Services, image: str) -> None:
    """Untagged while another name is left, deleted with the last."""
    id = chub.ok("images", "-q", "--no-trunc").strip()
    chub.ok("tag", image, "user/app:1")
    (snapshot,) = services.snapshots().list()

    refused = chub("rmi", id[7:19])
    assert refused.exit_status == 1
    assert f"conflict: unable to delete {id[7:19]} (must be forced) - image is referenced in multiple" in refused.stderr
    assert chub.ok("rmi", image) == "Untagged: busybox:latest\n"
    assert chub.ok("rmi", id[7:19]) == f"Untagged: user/app:1\nDeleted: {id}\nDeleted: {snapshot.name}\n"
    assert not services.snapshots().list()


def test_several_words(chub: Command, image: str) -> None:
    """Those that work are done, errors are said, the exit status is 1."""
    ended = chub("rmi", "nosuch", image, "other")

    assert ended.exit_status == 1
    assert ended.stdout.startswith("Untagged: busybox:latest\nDeleted: sha256:")
    assert ended.stderr.count("No such image: ") == 2


def test_force_removes_all_names_of_an_id(client: Client, image: str) -> None:
    """As docker's."""
    client.images.tag(image, "user/app:1")
    removed = client.images.remove(client.images.get(image).id, force=True)

    assert set(removed.untagged) == {"busybox:latest", "user/app:1"}
    assert not client.images.list()


@pytest.fixture
def stopped(services: Services, image: str) -> Iterator[str]:
    """The id of a container that was made from the image and does not run."""
    id = "c" * 64
    found = resolve(services, image)
    with leased(services, "test") as under:
        under.snapshots().prepare(id, found.chain_id)
        under.containers.create(
            Container(
                id=id,
                image=found.name,
                runtime=Runtime(name="io.containerd.runc.v2"),
                spec=TypedValue.of_json(SPEC_TYPE, {}),
                snapshotter="overlayfs",
                snapshot_key=id,
            )
        )
    yield id
    services.containers.delete(id)
    services.snapshots().remove(id)


def test_a_stopped_container_keeps_its_image(client: Client, image: str, stopped: str) -> None:
    """Unless forced; a further name may go."""
    client.images.tag(image, "user/app:1").remove()
    id = client.images.get(image).id
    with pytest.raises(Conflict) as failure:
        client.images.remove(image)
    assert str(failure.value) == (
        f'conflict: unable to remove repository reference "busybox" (must force) - container {stopped[:12]} is using '
        f"its referenced image {id[7:19]}"
    )
    with pytest.raises(Conflict) as failure:
        client.images.remove(id[7:19])
    assert str(failure.value) == (
        f"conflict: unable to delete {id[7:19]} (must be forced) - image is being used by stopped container "
        f"{stopped[:12]}"
    )

    assert client.images.remove(id, force=True).untagged == ("busybox:latest",)
    assert stopped in {each.name for each in client.services.snapshots().list()}


def test_a_later_image_of_that_name_is_free(
    services: Services, client: Client, image: str, stopped: str, tmp_path: Path
) -> None:
    """The container was made from the earlier one."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_text("x")
    client.images.import_rootfs(tmp_path / "tree", name=image)

    assert client.images.remove(image).untagged == ("busybox:latest",)


def test_a_running_container_keeps_its_image(chub: Command, services: Services, image: str) -> None:
    """Its id cannot even be forced."""
    id = chub.ok("images", "-q").strip()
    with chub.start("run", "--rm", image, "sleep", "60", stdout=subprocess.DEVNULL) as running:
        wait_until(lambda: [task for task in services.tasks.list() if task.status == "running"], 20, "the task")
        for words in (["rmi", id], ["rmi", "-f", id]):
            ended = chub(*words)
            assert ended.exit_status == 1
            assert "(cannot be forced) - image is being used by running container" in ended.stderr
        assert "(must force)" in chub("rmi", image).stderr
        (task,) = services.tasks.list()
        services.tasks.kill(task.container_id or task.id, 9)
        running.wait(20)


def test_names_of_the_cri_plugin_are_listed_once(services: Services, client: Client, image: str) -> None:
    """Kubernetes's records name each image a second time by its id; alone, such a name is a row without a tag."""
    found = resolve(services, image)
    services.images.create(Image(name=found.config_digest, target=found.descriptor))
    assert [row.repository for row in client.images.list()] == ["busybox"]

    services.images.delete(found.name)
    (row,) = client.images.list()
    assert (row.repository, row.tag, row.id) == ("", "", found.config_digest)
    assert client.images.list(filters=("dangling=true",)) == (row,)
    assert client.images.remove(found.config_digest).deleted[0] == found.config_digest


def test_an_image_that_cannot_be_read_is_listed(services: Services, chub: Command) -> None:
    """One of another platform, or of which parts are missing, does not break the list."""
    target = Descriptor(media_type=manifests.MANIFEST, digest="sha256:" + "1" * 64, size=10)
    services.images.create(Image(name="docker.io/library/partial:1", target=target))

    assert chub.ok("images", "-q").strip() == "1" * 12
    assert "Untagged: partial:1" in chub.ok("rmi", "partial:1")


def test_documents_are_checked(services: Services) -> None:
    """A target whose bytes are no manifest, or two kinds of document at once."""
    with leased(services, "test") as under:
        for data, said in (
            (b"{}", "schemaVersion"),
            (b'{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}', "ambiguous"),
        ):
            target = put(under, data, media_type=manifests.MANIFEST, labels={})
            set_image(under, "docker.io/library/bad:1", target)
            with pytest.raises(Invalid, match=said):
                resolve(services, "bad:1")
    services.images.delete("docker.io/library/bad:1")
