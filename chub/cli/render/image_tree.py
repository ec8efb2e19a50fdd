"""`images --tree`, as docker's: each image with all its names, and below it its platforms."""

import shutil
import sys
from collections.abc import Sequence

from chub.cli.render.show import width
from chub.cli.render.text import cut, plain, short, size
from chub.cli.render.tone import BLUE, BOLD, MARK, coloured, toned
from chub.objects.image_usage import ImageUsage

LEGEND = "Info ->  U In Use"
NUMBERS = ("DISK USAGE", "CONTENT SIZE")
GAP = "   "
SHORTEST = 16  # columns that names keep on a narrow terminal


def show(images: Sequence[ImageUsage], *, everywhere: bool) -> None:
    """Print them. Names are cut only where they would not fit the terminal."""
    names = [name for image in images for name in _names(image)]
    names += [_branch(image, place) for image in images for place in range(len(image.platforms))]
    fitting = max(width(name) for name in ["IMAGE", *names])
    rest = len(GAP.join(("", "0" * 12, *NUMBERS, " U ")))
    if sys.stdout.isatty():
        fitting = min(fitting, max(SHORTEST, shutil.get_terminal_size().columns - rest))
    headings = [f"{'IMAGE':<{fitting}}", f"{'ID':<12}", *NUMBERS, "EXTRA", *(["NAMESPACE"] if everywhere else [])]
    print(f"{LEGEND:>{fitting + rest}}\n\n{GAP.join(toned(each, BOLD) for each in headings)}")
    for image in images:
        *others, last = _names(image)
        for name in others:
            print(toned(cut(name, fitting), BLUE))
        head = (last, image.summary.id, image.size, image.content, bool(image.containers))
        print(_line(fitting, *head, namespace=image.summary.namespace if everywhere else "", tone=BLUE))
        for place, platform in enumerate(image.platforms):
            numbers = (platform.id, platform.size, platform.content, platform.used)
            print(_line(fitting, _branch(image, place), *numbers))
        print()


def _names(image: ImageUsage) -> Sequence[str]:
    return [plain(name) for name in image.names] or ["<untagged>"]


def _branch(image: ImageUsage, place: int) -> str:
    last = place == len(image.platforms) - 1
    return f"{'└─' if last else '├─'} {plain(image.platforms[place].platform)}"


def _line(
    fitting: int, name: str, id: str, disk: int, content: int, used: bool, *, namespace: str = "", tone: str = "0"
) -> str:
    shown = cut(name, fitting)
    name = toned(shown, tone) + " " * (fitting - width(shown))
    sizes = (f"{size(each):>{len(title)}}" for each, title in zip((disk, content), NUMBERS, strict=True))
    mark = (toned(" U ", MARK) if coloured() else "U  ") if used else "   "
    return GAP.join((name, short(id), *sizes, mark, *([f"  {namespace}"] if namespace else []))).rstrip()
