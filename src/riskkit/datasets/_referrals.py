"""Synthetic referral programmes, some of them pyramids whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int
from riskkit.datasets._embedded import read_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.random import RandomState
    from sklearn.utils import Bunch

    from riskkit.typing import FloatArray, IntArray

__all__ = ["make_referrals"]

START = np.datetime64("2024-01-01", "D")
N_DAYS = 365
# By kind: share of members who came by referral; pull of successful recruiters;
# commission of each level as a share of what the recruit pays in, the fewest levels a
# programme has, and how generous it is (a factor, low to high); yearly promised return,
# and the share of programmes that promise one; other payouts of a member, and outside
# revenue of a programme, as shares of what is paid in.
KINDS: dict[str, dict[str, Any]] = {
    "refer a friend": {
        "referred": 0.35,
        "pull": 0.15,
        "levels": (0.02,),
        "fewest": 1,
        "generous": (0.5, 2.0),
        "promise": (0.0, 0.0),
        "promising": 0.0,
        "payout": (0.2, 0.6),
        "revenue": (0.5, 1.0),
    },
    "savings club": {
        "referred": 0.5,
        "pull": 0.25,
        "levels": (0.01,),
        "fewest": 1,
        "generous": (0.5, 2.0),
        "promise": (0.02, 0.07),
        "promising": 1.0,
        "payout": (0.3, 0.9),
        "revenue": (0.4, 1.0),
    },
    "sales network": {
        "referred": 0.9,
        "pull": 0.4,
        "levels": (0.08, 0.03, 0.01),
        "fewest": 2,
        "generous": (0.7, 1.3),
        "promise": (0.0, 0.0),
        "promising": 0.0,
        "payout": (0.3, 0.6),
        "revenue": (0.6, 1.4),
    },
    "pyramid": {
        "referred": 0.985,
        "pull": 0.5,
        "levels": (0.25, 0.12, 0.08, 0.05, 0.03, 0.02),
        "fewest": 3,
        "generous": (0.4, 1.1),
        "promise": (0.1, 3.0),
        "promising": 0.7,
        "payout": (0.05, 0.3),
        "revenue": (0.0, 0.5),
    },
}
HONEST = ("refer a friend", "savings club", "sales network")


def make_referrals(
    n_honest: int = 30,
    n_pyramids: int = 10,
    *,
    n_members: int = 200,
    random_state: int | RandomState | None = None,
) -> Bunch:
    """Make referral programmes with members, commissions, and promises.

    Honest programmes are bonuses for friends, savings clubs, and sales networks that
    pay two levels or three out of what customers buy. Pyramids pay three to six levels
    out of what recruits pay in; some sell a little, and most promise returns that no
    market yields.

    Parameters
    ----------
    n_honest, n_pyramids : int, default=30, 10
        Programmes of each sort.

    n_members : int, default=200
        Mean number of members of a programme; it varies about twofold.

    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    bunch : sklearn.utils.Bunch
        A dictionary with attributes.

        data : pandas.DataFrame of shape (n_members_in_all, 8)
            One row a member: `member`, `referrer`, `scheme`, `joined`, `paid_in`,
            `commission`, `payout` (all other money received) and `revenue` (money
            from customers outside).
        commissions : pandas.DataFrame
            One row a commission: `receiver`, `source`, `amount`.
        schemes : pandas.DataFrame
            One row a programme: `scheme`, `promised_return` a year, `kind`,
            `is_pyramid`.
        target : ndarray, int
            1 for members of a pyramid.
        market_yields : ndarray, float
            Yearly yields that a saver could have had.
        feature_names, target_names : list of str
            Columns of `data`; names of the outcomes 0 and 1.
        frame : pandas.DataFrame
            `data` and `target`.
        DESCR : str
            Data card, in Markdown.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.

    Examples
    --------
    >>> from riskkit.datasets import make_referrals
    >>> world = make_referrals(6, 2, n_members=50, random_state=0)
    >>> list(world.data)[:4]
    ['member', 'referrer', 'scheme', 'joined']
    >>> int(world.schemes["is_pyramid"].sum()), len(world.schemes)
    (2, 8)
    """
    check_int("n_honest", n_honest, low=0)
    check_int("n_pyramids", n_pyramids, low=0)
    check_int("n_members", n_members, low=2)
    check_int("n_honest + n_pyramids", n_honest + n_pyramids, low=1)

    import pandas as pd
    from sklearn.utils import Bunch, check_random_state

    rng = check_random_state(random_state)
    kinds = [HONEST[j % len(HONEST)] for j in range(n_honest)]
    kinds = list(rng.permutation(kinds + ["pyramid"] * n_pyramids))
    members, commissions, schemes = [], [], []
    first = 0
    for number, kind in enumerate(kinds):
        n = max(round(n_members * float(np.exp(rng.normal(0, 0.35)))), 2)
        rule = KINDS[str(kind)]
        table, paid = _scheme(rng, rule, n, first)
        members.append(table.assign(scheme=f"scheme-{number:03d}"))
        commissions.append(paid)
        promise = float(rng.uniform(*rule["promise"]))
        promises = float(rng.random_sample()) < rule["promising"]
        schemes.append(
            {
                "scheme": f"scheme-{number:03d}",
                "promised_return": round(promise, 3) if promises else 0.0,
                "kind": str(kind),
                "is_pyramid": int(kind == "pyramid"),
            }
        )
        first += n
    data = pd.concat(members, ignore_index=True)
    names = ["member", "referrer", "scheme", "joined", "paid_in"]
    data = data[[*names, "commission", "payout", "revenue"]]
    scheme_table = pd.DataFrame(schemes)
    truth = scheme_table.set_index("scheme")["is_pyramid"]
    target = truth.loc[data["scheme"]].to_numpy(dtype=np.intp)
    return Bunch(
        data=data,
        commissions=pd.concat(commissions, ignore_index=True),
        schemes=scheme_table,
        target=target,
        market_yields=np.round(rng.normal(0.04, 0.015, 200).clip(0.0), 4),
        feature_names=list(data.columns),
        target_names=["honest", "pyramid"],
        frame=data.assign(target=target),
        DESCR=read_card("referrals"),
    )


def _scheme(
    rng: RandomState, rule: dict[str, Any], n: int, first: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the members of a programme and the commissions between them."""
    import pandas as pd

    parent = _parents(rng, n, rule["referred"], rule["pull"])
    paid_in: FloatArray = np.round(rng.lognormal(6.0, 0.5, n), 2)
    n_levels = int(rng.randint(rule["fewest"], len(rule["levels"]) + 1))
    generous = float(rng.uniform(*rule["generous"]))
    levels = [generous * share for share in rule["levels"][:n_levels]]
    receiver, source, amount = _commissions(parent, paid_in, levels)
    payout = paid_in * rng.uniform(rule["payout"][0], rule["payout"][1], n)
    # Sales go up and down from one member to the next.
    revenue = float(rng.uniform(*rule["revenue"])) * paid_in * 2 * rng.random_sample(n)
    referrer = pd.Series(parent + first, dtype="Int64").mask(parent < 0)
    table = pd.DataFrame(
        {
            "member": np.arange(first, first + n),
            "referrer": referrer,
            "joined": START + np.sort(rng.randint(N_DAYS, size=n)),
            "paid_in": paid_in,
            "commission": np.round(np.bincount(receiver, amount, minlength=n), 2),
            "payout": np.round(payout, 2),
            "revenue": np.round(revenue, 2),
        }
    )
    paid = pd.DataFrame(
        {"receiver": receiver + first, "source": source + first, "amount": amount}
    )
    return table, paid


def _parents(rng: RandomState, n: int, referred: float, pull: float) -> IntArray:
    """Return who brought each member, -1 for nobody; always somebody earlier.

    With probability `pull` the recruiter is drawn by his success so far: he brought a
    member who is drawn at random. Otherwise, or if nobody did, he is that member.
    """
    parent = np.full(n, -1, dtype=np.intp)
    came = rng.random_sample(n) < referred
    by_success = rng.random_sample(n) < pull
    drawn = rng.random_sample(n)
    for j in range(1, n):
        if came[j]:
            other = int(drawn[j] * j)
            brought = by_success[j] and parent[other] >= 0
            parent[j] = parent[other] if brought else other
    return parent


def _commissions(
    parent: IntArray, paid_in: FloatArray, levels: Sequence[float]
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return receiver, source and amount; level k goes to the k-th recruiter up."""
    receivers, sources, amounts = [], [], []
    above = parent.copy()
    everybody = np.arange(parent.size)
    for share in levels:
        known = above >= 0
        receivers.append(above[known])
        sources.append(everybody[known])
        amounts.append(np.round(share * paid_in[known], 2))
        above = np.where(known, parent[above], -1)
    return (
        np.concatenate(receivers),
        np.concatenate(sources),
        np.concatenate(amounts),
    )
