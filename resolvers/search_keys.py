"""What search looks up: normalised bytes, the same when stored and when asked for."""

from __future__ import annotations

import re
import unicodedata

_NOT_ALNUM = re.compile(r"[^0-9a-z]+")
_KEY_BYTES = 128


def folded(text: str | None) -> bytes | None:
    """A name or e-mail: case and accents folded, spaces collapsed, at most 128 bytes. None for nothing."""
    if not text:
        return None
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split()).encode()[:_KEY_BYTES] or None


def surname(name: str | None) -> bytes | None:
    """The last word of a name, folded."""
    words = (name or "").split()
    return folded(words[-1]) if len(words) > 1 else None


def code(text: str | None) -> bytes | None:
    """A postal code, order or tracking number: letters and digits only, upper and lower case alike."""
    plain = folded(text)
    return _NOT_ALNUM.sub("", plain.decode(errors="ignore")).encode() or None if plain else None


def keys(
    *, name: str | None, email: str | None, postal_code: str | None, order_number: str | None, tracking_number: str | None
) -> dict[str, bytes | None]:
    """The `…_key` columns of a parcel's personal row."""
    return {
        "name_key": folded(name),
        "surname_key": surname(name),
        "email_key": folded(email),
        "postal_code_key": code(postal_code),
        "order_key": code(order_number),
        "tracking_key": code(tracking_number),
    }


def prefix_end(prefix: bytes) -> bytes:
    """The first key that does not begin with `prefix` any more, compared bytewise."""
    return prefix + b"\xff"
