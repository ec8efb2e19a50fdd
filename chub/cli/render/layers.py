"""An image's layers, lowest first: what they are as a table, then where each is and who says so."""

from collections.abc import Iterator

from chub.chain.layers import ImageLayer, ImageLayers
from chub.chain.links import Evidence
from chub.cli.render.show import aligned
from chub.cli.render.text import plain, short, size


def show_layers(image: ImageLayers, *, docker: bool, full: bool) -> None:
    """Print the layers on stdout. ``docker``: with docker's of the same diff IDs; ``full``: ids uncut."""
    print(plain(f"{image.name}  {image.manifest if full else short(image.manifest)}"))
    rows = [["LAYER", "DIGEST", "DIFF ID", "CHAIN ID", "SIZE", "UNPACKED"]]
    for number, layer in enumerate(image.layers, 1):
        ids = (layer.digest, layer.diff_id, layer.chain_id)
        stored = size(layer.size) if layer.stored else f"{size(layer.size)} (no blob)"
        unpacked = "-" if layer.unpacked is None else size(layer.unpacked)
        rows.append([str(number), *(each if full else short(each) for each in ids), stored, unpacked])
    print(aligned(rows))
    for number, layer in enumerate(image.layers, 1):
        print()
        for keeper, where in _places(layer, docker):
            print(plain(f"{number}  {keeper}: {f'none: {where.failed}' if where.failed else where.said}"))
            print(plain(f"   says {where.source}"))


def _places(layer: ImageLayer, docker: bool) -> Iterator[tuple[str, Evidence]]:
    """Who keeps the layer's files, and where."""
    yield "containerd", layer.directory
    if docker and layer.docker:
        yield f"docker ({', '.join(layer.docker.images)})", layer.docker.directory
    elif docker:
        yield "docker", Evidence("docker image inspect", "", failed="no image has this diff ID")
