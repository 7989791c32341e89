"""Synthetic applications with planted identity rings, and with innocent sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit.datasets._embedded import read_card
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from numpy.random import RandomState
    from sklearn.utils import Bunch

    from riskkit.typing import BoolArray, IntArray

__all__ = ["make_applications_with_rings"]

IDENTIFIERS = ("device", "phone", "address", "account")
START = np.datetime64("2024-01-01", "D")
N_DAYS = 365
HOUSEHOLD = (2, 4)
# What a household of several applicants shares besides the address.
HOUSEHOLD_SHARES = {"device": 0.4, "phone": 0.25, "account": 0.15}
PUBLIC_ROWS = 150  # applications to one public device or tower block
PUBLIC_SHARE = {"device": 0.03, "address": 0.05}
ACCIDENT_POOL = 1.5  # values for each application, drawn with repetition
RING_DAYS = 30
RING_REUSE = 0.8
RING_MEMBERS_A_VALUE = 4
RING_FRAUD = 0.95


def make_applications_with_rings(
    n_samples: int = 10_000,
    *,
    n_rings: int = 20,
    ring_size: tuple[int, int] = (6, 20),
    household_share: float = 0.25,
    accident_rate: float = 0.3,
    known_rate: float = 0.2,
    lone_fraud_rate: float = 0.005,
    missing_rate: float = 0.03,
    random_state: int | RandomState | None = None,
) -> Bunch:
    """Make loan applications of which some belong to rings that reuse identities.

    A ring applies within a month from a small stock of devices, phones, addresses and
    accounts. Honest people share things, too: households, public devices and tower
    blocks, and by accident (recycled numbers, mistyped fields). Taken for links, the
    accidents alone join most applications into one crowd.

    Parameters
    ----------
    n_samples : int, default=10_000
        Applications, those of the rings included.

    n_rings : int, default=20
        Planted rings.

    ring_size : (int, int), default=(6, 20)
        Fewest and most applications of a ring, at least 2.

    household_share : float, default=0.25
        Share of the other applications that come from households of two to four.

    accident_rate : float, default=0.3
        Probability, in [0, 1], that an identifier is drawn from a common stock of
        1.5 values for each application, so that two strangers may have the same.

    known_rate : float, default=0.2
        Probability, in [0, 1], that a fraud is known already.

    lone_fraud_rate : float, default=0.005
        Probability, in [0, 1], that an application outside the rings is a fraud.

    missing_rate : float, default=0.03
        Probability, in [0, 1], that an identifier is missing.

    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    bunch : sklearn.utils.Bunch
        A dictionary with attributes; one row an application, in order of date.

        data : pandas.DataFrame of shape (n_samples, 6)
            `date`, `device`, `phone`, `address`, `account` and `amount`.
        target : ndarray, int
            1 if the application is a fraud.
        known : ndarray, int
            1 if that is known already.
        ring : ndarray, int
            Number of the ring, -1 outside.
        household : ndarray, int
            Number of the household, -1 outside.
        feature_names, target_names : list of str
            Columns of `data`; names of the outcomes 0 and 1.
        frame : pandas.DataFrame
            `data` and every array above.
        DESCR : str
            Data card, in Markdown.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain, or the rings have no room.

    Examples
    --------
    >>> from riskkit.datasets import make_applications_with_rings
    >>> world = make_applications_with_rings(2000, n_rings=5, random_state=0)
    >>> list(world.data)
    ['date', 'device', 'phone', 'address', 'account', 'amount']
    >>> int(world.ring.max()) + 1
    5
    >>> bool(world.known.sum() < world.target.sum())
    True
    """
    check_int("n_samples", n_samples, low=1)
    check_int("n_rings", n_rings, low=0)
    for name, value in {
        "household_share": household_share,
        "accident_rate": accident_rate,
        "known_rate": known_rate,
        "lone_fraud_rate": lone_fraud_rate,
        "missing_rate": missing_rate,
    }.items():
        check_real(name, value, low=0.0, high=1.0)
    low, high = _check_size(ring_size)

    import pandas as pd
    from sklearn.utils import Bunch, check_random_state

    rng = check_random_state(random_state)
    sizes = rng.randint(low, high + 1, n_rings)
    if sizes.sum() > n_samples:
        msg = (
            f"n_samples must be at least the {sizes.sum()} applications of the rings; "
            f"got {n_samples}. Ask for more applications or for fewer rings."
        )
        raise InvalidParameterError(msg)
    ring = np.full(n_samples, -1)
    ring[: sizes.sum()] = np.repeat(np.arange(n_rings), sizes)
    household = _households(rng, n_samples, int(sizes.sum()), household_share)

    day = rng.randint(N_DAYS, size=n_samples)
    first = rng.randint(N_DAYS - RING_DAYS, size=n_rings)
    in_ring = ring >= 0
    day[in_ring] = first[ring[in_ring]] + rng.randint(RING_DAYS, size=in_ring.sum())
    values = {
        name: _identifier(rng, name, ring, household, accident_rate)
        for name in IDENTIFIERS
    }
    target = rng.random_sample(n_samples) < np.where(
        in_ring, RING_FRAUD, lone_fraud_rate
    )
    known = target & (rng.random_sample(n_samples) < known_rate)
    amount = np.rint(np.exp(rng.normal(9, 0.6, n_samples)) / 100) * 100
    missing = {name: rng.random_sample(n_samples) < missing_rate for name in values}

    order = np.argsort(day, kind="stable")
    rows: dict[str, Any] = {
        "target": target.astype(np.intp)[order],
        "known": known.astype(np.intp)[order],
        "ring": ring[order],
        "household": household[order],
    }
    data = pd.DataFrame({"date": (START + day)[order].astype("datetime64[s]")})
    for name, codes in values.items():
        text = _text(rng, name, codes)
        data[name] = pd.Series(text[order], dtype="str").mask(missing[name][order])
    data["amount"] = amount[order]
    return Bunch(
        data=data,
        **rows,
        feature_names=list(data.columns),
        target_names=["genuine", "fraud"],
        frame=data.assign(**rows),
        DESCR=read_card("applications_with_rings"),
    )


def _check_size(ring_size: Any) -> tuple[int, int]:
    if not isinstance(ring_size, (list, tuple)) or len(ring_size) != 2:
        msg = f"ring_size must be two numbers, fewest and most; got {ring_size!r}."
        raise InvalidParameterError(msg)
    check_int("ring_size[0]", ring_size[0], low=2)
    check_int("ring_size[1]", ring_size[1], low=int(ring_size[0]))
    return int(ring_size[0]), int(ring_size[1])


def _households(rng: RandomState, n: int, n_in_rings: int, share: float) -> IntArray:
    """Return the household of every application; rings, which come first, have none."""
    household = np.full(n, -1)
    place = n_in_rings
    end = n_in_rings + round(share * (n - n_in_rings))
    number = 0
    while place + HOUSEHOLD[0] <= end:
        size = int(rng.randint(HOUSEHOLD[0], HOUSEHOLD[1] + 1))
        household[place : min(place + size, end)] = number
        place += size
        number += 1
    return household


def _identifier(
    rng: RandomState, name: str, ring: IntArray, household: IntArray, accident: float
) -> IntArray:
    """Return a number for each application; equal numbers are one identifier."""
    n = ring.size
    codes = np.arange(n)  # by default everybody has one of his own
    by_accident = rng.random_sample(n) < accident
    stock = n + rng.randint(max(int(ACCIDENT_POOL * n), 1), size=n)
    codes[by_accident] = stock[by_accident]
    offset = 3 * n + 1
    public = rng.random_sample(n) < PUBLIC_SHARE.get(name, 0.0)
    n_public = max(int(PUBLIC_SHARE.get(name, 0.0) * n / PUBLIC_ROWS), 1)
    codes[public] = offset + rng.randint(n_public, size=n)[public]
    offset += n_public
    codes = _shared_at_home(rng, name, household, codes, offset)
    offset += n
    reused = (ring >= 0) & (rng.random_sample(n) < RING_REUSE)
    n_members = np.bincount(ring[ring >= 0], minlength=1)[ring]
    n_values = np.ceil(n_members / RING_MEMBERS_A_VALUE)
    drawn = np.floor(rng.random_sample(n) * n_values).astype(np.int64)
    codes[reused] = (offset + ring * n + drawn)[reused]
    return codes.astype(np.intp)


def _shared_at_home(
    rng: RandomState, name: str, household: IntArray, codes: IntArray, offset: int
) -> IntArray:
    n_homes = int(household.max(initial=-1)) + 1
    share = HOUSEHOLD_SHARES.get(name, 1.0)
    shares: BoolArray = rng.random_sample(max(n_homes, 1)) < share
    at_home = (household >= 0) & shares[household]
    codes[at_home] = offset + household[at_home]
    return codes


def _text(rng: RandomState, name: str, codes: IntArray) -> Any:
    """Return identifiers that tell nothing about what made them equal."""
    distinct, place = np.unique(codes, return_inverse=True)
    shuffled = rng.permutation(distinct.size)
    names = np.array([f"{name}-{number:06d}" for number in shuffled], dtype=object)
    return names[place]
