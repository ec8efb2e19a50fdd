"""Digests: ``sha256:<64 hex>`` and ``sha512:<128 hex>``, the two that are accepted from anybody."""

from chub.errors import Invalid

LENGTHS = {"sha256": 64, "sha512": 128}
_HEX = frozenset("0123456789abcdef")


def of(data: bytes) -> str:
    """The sha256 digest of these bytes."""
    import hashlib  # with it OpenSSL is loaded: 2.5 ms

    return "sha256:" + hashlib.sha256(data).hexdigest()


def is_hex(text: str) -> bool:
    """Is this text lower-case hexadecimal, and not empty?"""
    return bool(text) and _HEX.issuperset(text)


def checked(text: str) -> str:
    """The digest itself when it is well-formed; Invalid otherwise."""
    algorithm, colon, value = text.partition(":")
    if not colon or algorithm not in LENGTHS:
        raise Invalid(f"unsupported digest {text!r}", hint="sha256:… and sha512:… are accepted")
    if len(value) != LENGTHS[algorithm] or not is_hex(value):
        raise Invalid(f"malformed digest {text!r}: {LENGTHS[algorithm]} hexadecimal digits are needed")
    return text
