"""Accounts as pairs of 64-bit words: equal in every part, however they are stored.

A number is its own key. Text is hashed by two keys to 128 bits: two of ``10**9``
accounts share them with a chance of ``10**-20``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import IntArray

    Words = NDArray[np.uint64]

__all__ = ["AccountKeys", "account_codes", "read_accounts", "share_of"]

# Of pandas' hash, 16 bytes each; any would do, but they are not to change.
_HASH_KEYS = ("riskkit account0", "riskkit account1")
_EXACT = 2.0**53  # whole numbers that a float tells apart


@dataclass(frozen=True, eq=False)
class AccountKeys:
    """The key of each row, and whether accounts are numbers or text."""

    words: Words  # (n_rows, 2), or (n_rows, 1) of numbers
    kind: Literal["numbers", "text"]


def read_accounts(accounts: Any) -> AccountKeys:
    """Return the key of every row; an account must be known in all of them."""
    import pandas as pd

    given = accounts.to_numpy() if hasattr(accounts, "to_numpy") else accounts
    values = np.asarray(given)
    if values.ndim != 1:
        msg = f"accounts must be one column; got shape {values.shape}."
        raise InvalidInputError(msg)
    if values.dtype.kind in "iu":
        return AccountKeys(values.astype(np.uint64)[:, None], "numbers")
    codes, different = pd.factorize(values)
    n_missing = int(np.count_nonzero(codes < 0))
    if n_missing:
        msg = (
            f"accounts must be known in every row; {n_missing} of {values.size} are "
            "missing. Leave those rows out."
        )
        raise InvalidInputError(msg)
    keys = _keys_of(np.asarray(different))
    return AccountKeys(keys.words[codes], keys.kind)


def share_of(words: Words, n_shares: int) -> IntArray:
    """Return the share that each account falls into, the same in every part."""
    # The finaliser of MurmurHash3: numbers that follow each other are spread evenly.
    mixed = words[:, 0].copy()
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(33)
    return np.asarray(mixed % np.uint64(n_shares), dtype=np.intp)


def account_codes(words: Words) -> IntArray:
    """Return a number from 0 for each account, in the order of their keys."""
    order = np.lexsort(words.T[::-1])
    is_new = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    codes = np.empty(len(words), dtype=np.intp)
    codes[order] = np.append(0, np.cumsum(is_new)) if len(words) else 0
    return codes


def _keys_of(different: NDArray[Any]) -> AccountKeys:
    """Return the keys of different accounts."""
    from pandas.util import hash_array

    if different.dtype.kind in "bf":
        whole = np.asarray(different, dtype=np.float64)
        if (np.abs(whole) <= _EXACT).all() and (whole == np.rint(whole)).all():
            numbers = whole.astype(np.int64).astype(np.uint64)
            return AccountKeys(numbers[:, None], "numbers")
    found = different.tolist()
    if all(isinstance(value, int) for value in found):
        return AccountKeys(
            np.array(found, np.int64).astype(np.uint64)[:, None], "numbers"
        )
    text = np.array([str(value) for value in found], dtype=object)
    words = [hash_array(text, hash_key=key, categorize=False) for key in _HASH_KEYS]
    return AccountKeys(np.column_stack(words), "text")
