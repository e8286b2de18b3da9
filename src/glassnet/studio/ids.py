"""Names of things in addresses: opaque, and the same tomorrow. No path goes into an address, and none is read out of one."""

import hashlib
import re

_ID = re.compile(r"[0-9a-f]{16}")


def of(kind: str, *parts: str) -> str:
    """Return 16 hex digits that stand for one thing. Nothing can be read out of them: they are looked up among what is there."""
    text = "\0".join((kind, *parts))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an id, so that nothing else is ever looked up."""
    return _ID.fullmatch(text) is not None
