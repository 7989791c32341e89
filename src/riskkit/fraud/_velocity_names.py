"""Names as a stream remembers them: as they are, or as digests under a key."""

from __future__ import annotations

from hashlib import blake2b

from riskkit.exceptions import InvalidParameterError

__all__ = ["Names"]

_LEAST, _MOST = 16, 64  # bytes of a key; BLAKE2b takes no longer one
_SIZE = 16  # bytes of a digest: two of a billion names meet once in 10^20 times
_CHECK = b"riskkit key"


class Names:
    """Turns the name in a column into what is remembered of it.

    Equal names of a column become equal digests, and nothing else about them is kept:
    without the key they can neither be read nor found by guessing. The column is part
    of what is digested, so that a name cannot be followed from one to another.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes | None) -> None:
        if key is not None and not (
            isinstance(key, bytes) and _LEAST <= len(key) <= _MOST
        ):
            # Never the key itself, which must not reach a log.
            msg = (
                f"key must be None or {_LEAST} to {_MOST} bytes; got another value. "
                "Draw one with secrets.token_bytes(32), and keep it out of the data."
            )
            raise InvalidParameterError(msg)
        self._key = key

    @property
    def check(self) -> str | None:
        """What tells this key from another, None without a key."""
        if self._key is None:
            return None
        return blake2b(_CHECK, key=self._key, digest_size=_SIZE).hexdigest()

    def __call__(self, column: str, name: str | None) -> str | None:
        """Return what is remembered of a name; None stays None."""
        if name is None or self._key is None:
            return name
        # A length in front, so that no two pairs are one text.
        text = f"{len(column)} {column}{name}".encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._key, digest_size=_SIZE).hexdigest()
