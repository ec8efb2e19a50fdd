"""Platforms: which system and processor an image is for, in Go's words (``linux/arm64/v8``)."""

import os
from dataclasses import replace

from chub.errors import Invalid
from chub.records import record

_MACHINES = {  # uname -m → GOARCH, variant
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armv7l": ("arm", "v7"),
    "armv8l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "ppc64": ("ppc64", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
    "loongarch64": ("loong64", ""),
    "mips64": ("mips64le", ""),
}
_ELF = {  # e_machine, 64 bits?, little-endian? → GOARCH (elf.h)
    (62, True, True): "amd64",
    (183, True, True): "arm64",
    (40, False, True): "arm",
    (3, False, True): "386",
    (21, True, True): "ppc64le",
    (21, True, False): "ppc64",
    (22, True, False): "s390x",
    (243, True, True): "riscv64",
    (258, True, True): "loong64",
    (8, True, True): "mips64le",
    (8, True, False): "mips64",
    (8, False, True): "mipsle",
    (8, False, False): "mips",
}
_ARM = ("v8", "v7", "v6", "v5")  # each runs what is behind it
ELF_MAGIC = b"\x7fELF"
ELF_HEADER = 20  # bytes that architecture_of needs


@record
class Platform:
    """A system and its processor. An empty variant is the architecture's usual one."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def parse(text: str) -> Platform:
    """``OS/ARCHITECTURE[/VARIANT]`` or an architecture alone (of Linux), in Go's or uname's words."""
    parts = text.lower().split("/")
    if not 1 <= len(parts) <= 3 or not all(part.replace("_", "").isalnum() for part in parts):
        raise Invalid(f"{text!r} is no platform", hint="write it as linux/amd64 or linux/arm/v7")
    system, architecture, *variant = parts if len(parts) > 1 else ("linux", *parts)
    architecture, usual = _MACHINES.get(architecture, (architecture, ""))
    return normalized(Platform(os=system, architecture=architecture, variant="".join(variant) or usual))


def host() -> Platform:
    """The platform of this machine."""
    name = os.uname()
    architecture, variant = _MACHINES.get(name.machine, (name.machine, ""))
    return Platform(os=name.sysname.lower(), architecture=architecture, variant=variant)


def normalized(platform: Platform) -> Platform:
    """In the one spelling that is compared: arm64 and amd64 without their first variant, arm with v7."""
    usual = {"arm64": "v8", "amd64": "v1"}.get(platform.architecture)
    if usual is not None and platform.variant == usual:
        return replace(platform, variant="")
    if platform.architecture == "arm" and not platform.variant:
        return replace(platform, variant="v7")
    return platform


def rank(wanted: Platform, offered: Platform) -> int | None:
    """How well an offer fits what is wanted: 0 is exact, more is worse, None does not run."""
    wanted, offered = normalized(wanted), normalized(offered)
    if wanted.os != offered.os:
        return None
    if wanted.architecture == offered.architecture and wanted.variant == offered.variant:
        return 0
    runs = _runs(wanted)
    found = (offered.architecture, offered.variant)
    return runs.index(found) + 1 if found in runs else None


def _runs(platform: Platform) -> list[tuple[str, str]]:
    """What else a processor of this kind executes, best first."""
    if platform.architecture == "amd64" and platform.variant:
        level = platform.variant.removeprefix("v")
        lower = range(int(level) - 1, 1, -1) if level.isdecimal() else ()
        return [*(("amd64", f"v{number}") for number in lower), ("amd64", "")]
    if platform.architecture == "arm" and platform.variant in _ARM:
        return [("arm", variant) for variant in _ARM[_ARM.index(platform.variant) + 1 :]]
    if platform.architecture == "arm64" and not platform.variant:
        return [("arm", variant) for variant in _ARM]
    return []


def architecture_of(header: bytes) -> str | None:
    """The architecture that an ELF file's first bytes (ELF_HEADER of them) name; None for anything else."""
    if len(header) < ELF_HEADER or not header.startswith(ELF_MAGIC):
        return None
    little = header[5] == 1
    machine = int.from_bytes(header[18:20], "little" if little else "big")
    return _ELF.get((machine, header[4] == 2, little))
