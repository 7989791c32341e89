"""Synthetic card transactions with three kinds of fraud whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit.datasets._embedded import read_card

if TYPE_CHECKING:
    from numpy.random import RandomState
    from numpy.typing import NDArray
    from sklearn.utils import Bunch

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["make_transactions"]

START = np.datetime64("2024-01-01T00:00:00", "s")
DAY = 86_400
MAP_WIDTH = 100.0
RADIUS = 10.0  # how far from home people pay
TERMINAL_DAYS = 28
CARD_DAYS = 14
CARD_SHARE = 1 / 3
CARD_FACTOR = 5.0
SCENARIOS = ("genuine", "large amount", "terminal", "card")


def make_transactions(
    n_cards: int = 500,
    n_terminals: int = 1000,
    n_days: int = 60,
    *,
    large_amount: float = 220.0,
    terminal_rate: float = 0.0002,
    card_rate: float = 0.0006,
    random_state: int | RandomState | None = None,
) -> Bunch:
    """Make card transactions, some of them frauds that only their past gives away.

    People pay near home, each at a pace and with amounts of their own. Three things
    go wrong: very large amounts; terminals that are taken over for 28 days; cards that
    are stolen, on which a third of the payments of 14 days are five times as large.
    The last two look ordinary until the terminal or the card is compared with what it
    did before.

    Parameters
    ----------
    n_cards, n_terminals, n_days : int, default=500, 1000, 60
        Size of the world. A card is used twice a day on average.

    large_amount : float, default=220.0
        Payments above it are frauds.

    terminal_rate, card_rate : float, default=0.0002, 0.0006
        Probability, in [0, 1], that a terminal is taken over, or a card stolen, on any
        day. The first payments of the world see the takeovers of the weeks before it.

    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    bunch : sklearn.utils.Bunch
        A dictionary with attributes; one row a transaction, in order of time.

        data : pandas.DataFrame of shape (n_transactions, 5)
            `transaction`, `time`, `card`, `terminal` and `amount`.
        target : ndarray, int
            1 if the transaction is a fraud.
        scenario : ndarray, str
            ``genuine``, ``large amount``, ``terminal`` or ``card``; the last that
            applies.
        feature_names, target_names : list of str
            Columns of `data`; names of the outcomes 0 and 1.
        frame : pandas.DataFrame
            `data`, `scenario` and `fraud`.
        DESCR : str
            Data card, in Markdown.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.

    See Also
    --------
    load_card_transactions : Real card transactions, without the cards' names.

    Examples
    --------
    >>> from riskkit.datasets import make_transactions
    >>> world = make_transactions(200, n_days=30, random_state=0)
    >>> list(world.data)
    ['transaction', 'time', 'card', 'terminal', 'amount']
    >>> sorted(set(world.scenario.tolist()))
    ['card', 'genuine', 'large amount', 'terminal']
    >>> bool(0 < world.target.mean() < 0.1)
    True
    """
    check_int("n_cards", n_cards, low=1)
    check_int("n_terminals", n_terminals, low=1)
    check_int("n_days", n_days, low=1)
    check_real("large_amount", large_amount, low=0.0)
    check_real("terminal_rate", terminal_rate, low=0.0, high=1.0)
    check_real("card_rate", card_rate, low=0.0, high=1.0)

    import pandas as pd
    from sklearn.utils import Bunch, check_random_state

    rng = check_random_state(random_state)
    habit = rng.uniform(5, 100, n_cards)
    card, seconds = _visits(rng, n_cards, n_days)
    terminal = _terminals(rng, card, n_cards, n_terminals)
    amount = _amounts(rng, habit[card])

    day = seconds // DAY
    taken = _compromised(rng, n_terminals, n_days, terminal_rate, TERMINAL_DAYS)
    stolen = _compromised(rng, n_cards, n_days, card_rate, CARD_DAYS)
    at_terminal = taken[terminal, day]
    on_card = stolen[card, day] & (rng.random_sample(card.size) < CARD_SHARE)
    amount[on_card] *= CARD_FACTOR
    amount = np.round(amount, 2)
    kind = np.where(amount > large_amount, 1, 0)
    kind[at_terminal] = 2
    kind[on_card] = 3

    data = pd.DataFrame(
        {
            "transaction": np.arange(card.size),
            "time": START + seconds.astype("timedelta64[s]"),
            "card": card,
            "terminal": terminal,
            "amount": amount,
        }
    )
    scenario = np.array(SCENARIOS)[kind]
    target = (kind > 0).astype(np.intp)
    return Bunch(
        data=data,
        target=target,
        scenario=scenario,
        feature_names=list(data.columns),
        target_names=["genuine", "fraud"],
        frame=data.assign(scenario=scenario, fraud=target),
        DESCR=read_card("transactions"),
    )


def _visits(rng: RandomState, n_cards: int, n_days: int) -> tuple[IntArray, Any]:
    """Return card and second of every payment, in order of time."""
    pace = rng.uniform(0, 4, n_cards)
    n_payments = rng.poisson(pace[:, None], (n_cards, n_days))
    card = np.repeat(np.arange(n_cards), n_payments.sum(axis=1))
    day = np.repeat(np.tile(np.arange(n_days), n_cards), n_payments.ravel())
    # Payments gather around noon; what falls outside the day comes in again.
    clock = np.mod(rng.normal(DAY / 2, 20_000, card.size), DAY).astype(np.int64)
    seconds = day * DAY + clock
    order = np.argsort(seconds, kind="stable")
    return card[order].astype(np.intp), seconds[order]


def _terminals(
    rng: RandomState, card: IntArray, n_cards: int, n_terminals: int
) -> IntArray:
    """Return a terminal near home for every payment, the nearest where none is."""
    from scipy.spatial import cKDTree

    homes = rng.uniform(0, MAP_WIDTH, (n_cards, 2))
    tree = cKDTree(rng.uniform(0, MAP_WIDTH, (n_terminals, 2)))
    nearest = tree.query(homes)[1]
    near = [
        sorted(found) or [int(nearest[j])]
        for j, found in enumerate(tree.query_ball_point(homes, RADIUS))
    ]
    n_near = np.array([len(found) for found in near])
    start = np.append(0, np.cumsum(n_near)[:-1])
    drawn = (rng.random_sample(card.size) * n_near[card]).astype(np.intp)
    found: IntArray = np.concatenate(near).astype(np.intp)[start[card] + drawn]
    return found


def _amounts(rng: RandomState, habit: FloatArray) -> FloatArray:
    """Draw amounts around the habit of the card, none below a cent."""
    amount = rng.normal(habit, habit / 2)
    again = rng.uniform(0, 2 * habit)
    found: FloatArray = np.maximum(np.where(amount < 0, again, amount), 0.01)
    return found


def _compromised(
    rng: RandomState, n_things: int, n_days: int, rate: float, duration: int
) -> BoolArray:
    """Return which things are compromised on which day."""
    starts = rng.random_sample((n_things, n_days + duration - 1)) < rate
    running: NDArray[np.int64] = np.cumsum(starts, axis=1, dtype=np.int64)
    running = np.pad(running, ((0, 0), (1, 0)))
    # A day sees the takeovers of the `duration` days that end with it.
    found: BoolArray = (running[:, duration:] - running[:, :-duration]) > 0
    return found
