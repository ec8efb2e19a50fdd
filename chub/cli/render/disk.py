"""`system df`, as docker's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chub.cli.render import containers, images
from chub.cli.render.show import Column, Form, Kind, show, values_of
from chub.cli.render.text import size
from chub.core.listing import Summary
from chub.objects.disk_usage import DiskUsage, GroupUsage

EXACT = 4  # digits


def _share(row: GroupUsage) -> str:
    """What could go, and how much of all that is."""
    text = size(row.reclaimable, EXACT)
    return f"{text} ({row.reclaimable * 100 // row.size}%)" if row.size else text


GROUPS: tuple[Column[GroupUsage], ...] = (
    Column("TYPE", "Type", lambda row, _: row.type),
    Column("TOTAL", "TotalCount", lambda row, _: str(row.total)),
    Column("ACTIVE", "Active", lambda row, _: str(row.active)),
    Column("SIZE", "Size", lambda row, _: size(row.size, EXACT)),
    Column("RECLAIMABLE", "Reclaimable", lambda row, _: _share(row)),
)
KIND: Kind[GroupUsage] = Kind(
    name="*formatter.diskUsageImagesContext",
    raw="type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\n"
    "reclaimable: {{.Reclaimable}}\n",
)
NOTHING: Mapping[str, Sequence[str]] = {
    "Local Volumes space usage:": ("VOLUME NAME", "LINKS", "SIZE"),
    "Build cache usage: 0B": ("CACHE ID", "CACHE TYPE", "SIZE", "CREATED", "LAST USED", "USAGE", "SHARED"),
}
"""Tables of what there is none of."""


def show_groups(usage: DiskUsage, format: str | None) -> None:
    """Print the summary."""
    show(usage.groups, GROUPS, Form(format=format), KIND)


def show_all(usage: DiskUsage, format: str | None, *, everywhere: bool) -> None:
    """Print every image and container: as tables, or all of them as one value of a template."""
    of_images, of_containers = _image_columns(usage, everywhere), _container_columns(usage, everywhere)
    pictures = [replace(each.summary, size=each.size) for each in usage.images]
    rows = [each.summary for each in usage.containers]
    if format == "raw":
        show(pictures, of_images, Form(format=format, no_trunc=True), RAW_IMAGE)
        show(rows, of_containers, Form(format=format, no_trunc=True), RAW_CONTAINER)
    elif format in (None, "", "table"):
        print("Images space usage:\n")
        show(pictures, of_images, Form())
        print("\nContainers space usage:\n")
        show(rows, of_containers, Form())
        for title, headings in NOTHING.items():
            print(f"\n{title}\n")
            show((), [Column(each, each, lambda *_: "") for each in headings], Form())
    else:
        _templated(
            format,
            {
                "Images": values_of(pictures, of_images, images.kind(digests=False)),
                "Containers": values_of(rows, of_containers, containers.KIND),
                "Volumes": [],
                "BuildCache": [],
            },
        )


def _templated(format: str, found: Mapping[str, Sequence[Any]]) -> None:
    from chub.cli.render import template

    wanted = template.listing(format)
    groups = {name: template.Slice(rows, "*formatter.context") for name, rows in found.items()}
    print(wanted.template.render(template.Struct(groups, "*formatter.diskUsageContext")))


def _image_columns(usage: DiskUsage, everywhere: bool) -> tuple[Column[Any], ...]:
    shared = usage.shared()
    made = {(each.summary.namespace, each.summary.id): each.containers for each in usage.images}
    texts = {
        "SharedSize": lambda row, _: size(shared[row.namespace, row.id], EXACT),
        "UniqueSize": lambda row, _: size(row.size - shared[row.namespace, row.id], EXACT),
        "Containers": lambda row, _: str(made[row.namespace, row.id]),
    }
    found = images.columns(None, quiet=False, digests=False, namespaces=everywhere)
    return tuple(replace(each, text=texts[each.key], shown=True) if each.key in texts else each for each in found)


def _container_columns(usage: DiskUsage, everywhere: bool) -> tuple[Column[Summary], ...]:
    """Docker has them in another order here."""
    sizes = {each.summary.record.id: each.size for each in usage.containers}
    found = {each.key: each for each in containers.columns(containers.Extra(), everywhere=everywhere)}
    found["Size"] = replace(found["Size"], text=lambda row, _: size(sizes[row.record.id]))
    first = ("ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names")
    rest = (
        replace(each, shown=each.key == "Namespace" and everywhere) for key, each in found.items() if key not in first
    )
    return (*(replace(found[key], shown=True) for key in first), *rest)


RAW_IMAGE: Kind[Any] = Kind(
    raw="type: Image\nrepository: {{.Repository}}\ntag: {{.Tag}}\ndigest: {{.Digest}}\nimage_id: {{.ID}}\n"
    "created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"
)
RAW_CONTAINER: Kind[Any] = Kind(raw=f"type: Container\n{containers.KIND.raw}size: {{{{.Size}}}}\n")
