"""Referral programmes that live on recruiting: signs of pyramids and Ponzi schemes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_option, check_real
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud._referral_forest import generations
from riskkit.fraud._referral_reading import read_members, read_paid, read_promises
from riskkit.fraud._referral_result import ReferralResult, members_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.fraud._referral_reading import Members, Paid
    from riskkit.typing import FloatArray

__all__ = ["ReferralScreen"]

_FEWEST_YIELDS = 5
# Half a percentage point: yields that all but agree must not make every other one odd.
_LEAST_SPREAD = 0.005
_MAD_TO_SD = 1.4826
# A level that gets less of the commissions than this is a correction, not a rule.
_LEAST_LEVEL_SHARE = 0.01
_COLUMNS = (
    "member",
    "referrer",
    "scheme",
    "joined",
    "paid_in",
    "commission",
    "payout",
    "revenue",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferralScreen:
    """Screen referral programmes for signs of a pyramid or a Ponzi scheme.

    An honest programme pays for customers out of what customers buy. A pyramid pays
    for recruits, on several levels, out of what recruits pay in. Five signs tell them
    apart, each with its number and its threshold; a programme with several signs is a
    suspect. Who profits from it is in the table of members.

    Parameters
    ----------
    market_yields : array-like or None, default=None
        At least five yearly yields that a saver could have had, such as 0.03; promised
        returns are held against them.

    min_levels : int, default=3
        Sign ``levels_paid``: so many generations of recruiters or more are paid for
        one recruit.

    min_commission_share : float, default=0.5
        Sign ``commission_share``: of all money paid to members, at least this share is
        commission.

    min_uncovered_share : float, default=0.5
        Sign ``uncovered_share``: of all money paid to members, at least this share is
        not covered by revenue from customers, so that it comes from members.

    min_payout_ratio : float, default=1.0
        Sign ``payout_ratio``: money paid to members over all money taken in is above
        this.

    min_return_z : float, default=5.0
        Sign ``promised_return``: the promise lies so many robust standard deviations
        above the median market yield.

    min_signs : int, default=2
        A suspect has so many signs; a circle of referrers is one more.

    cycles : {"raise", "flag"}, default="raise"
        Whether a circle of referrers is an error, or a sign; it is then cut at its
        first member.

    member, referrer : str, default="member", "referrer"
        Columns of the table of members.

    scheme : str or None, default="scheme"
        Column of the programme. None takes every tree of referrals for one.

    joined, paid_in, commission, payout, revenue : str or None
        Columns of the table of members, by default of these names, used where the
        table has them: when somebody joined, what he paid in, his commissions, all
        other money paid to him, and the money that outside customers paid for what he
        sold.

    See Also
    --------
    riskkit.datasets.make_referrals : Programmes with known truth.

    Notes
    -----
    A sign whose columns are absent is not evaluated; ``n_evaluated`` says how many
    were, and no programme is cleared by what nobody looked at. Missing amounts are 0.
    The spread of market yields is 1.4826 times the median absolute deviation, at least
    half a percentage point. A referrer who is no member of the programme counts as
    nobody; ``n_unknown`` says how many there are.

    References
    ----------
    .. [1] Y. Antler, "Multilevel marketing: pyramid-shaped schemes or exploitative
       scams?", CEPR DP13054, 2018: only rewards on several levels sustain a scam.
    .. [2] J. M. Taylor, "The case (for and) against multi-level marketing", Consumer
       Awareness Institute, 2011.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import ReferralScreen
    >>> members = pd.DataFrame({
    ...     "member": ["a", "b", "c", "d"],
    ...     "referrer": [None, "a", "b", "c"],
    ...     "paid_in": [100.0, 100.0, 100.0, 100.0],
    ...     "commission": [60.0, 50.0, 30.0, 0.0],
    ...     "payout": [10.0, 0.0, 0.0, 0.0],
    ...     "revenue": [0.0, 0.0, 0.0, 0.0],
    ... })
    >>> result = ReferralScreen(scheme=None).screen(members)
    >>> result.frame("signs")[["sign", "value", "is_sign"]]
                   sign     value  is_sign
    0       levels_paid       NaN     None
    1  commission_share  0.933333     True
    2   uncovered_share  1.000000     True
    3      payout_ratio  0.375000    False
    4   promised_return       NaN     None
    5           circles  0.000000    False
    >>> result.frame("schemes")[["scheme", "n_members", "depth", "is_suspect"]]
      scheme  n_members  depth  is_suspect
    0      a          4      3        True
    """

    market_yields: ArrayLike | None = None
    min_levels: int = 3
    min_commission_share: float = 0.5
    min_uncovered_share: float = 0.5
    min_payout_ratio: float = 1.0
    min_return_z: float = 5.0
    min_signs: int = 2
    cycles: str = "raise"
    member: str = "member"
    referrer: str = "referrer"
    scheme: str | None = "scheme"
    joined: str | None = "joined"
    paid_in: str | None = "paid_in"
    commission: str | None = "commission"
    payout: str | None = "payout"
    revenue: str | None = "revenue"

    def __post_init__(self) -> None:
        check_int("min_levels", self.min_levels, low=1)
        for name in ("min_commission_share", "min_uncovered_share"):
            check_real(name, getattr(self, name), low=0.0, high=1.0)
        check_real("min_payout_ratio", self.min_payout_ratio, low=0.0)
        check_real("min_return_z", self.min_return_z, low=0.0)
        check_int("min_signs", self.min_signs, low=1)
        check_option("cycles", self.cycles, ("raise", "flag"))
        for name in _COLUMNS:
            value = getattr(self, name)
            if value is None and name not in ("member", "referrer"):
                continue
            if not isinstance(value, str) or not value:
                msg = f"{name} must name a column; got {value!r}."
                raise InvalidParameterError(msg)
        self._market()

    def screen(
        self, X: Any, *, commissions: Any = None, schemes: Any = None, as_of: Any = None
    ) -> ReferralResult:
        """Look for the signs in every programme.

        Parameters
        ----------
        X : frame
            One row a member, with the columns that the parameters name.

        commissions : frame, optional
            One row a commission: ``receiver``, ``source`` (the recruit it was paid
            for), ``amount``. It gives the levels paid, and the commissions where `X`
            has no column of them.

        schemes : frame, optional
            One row a programme: ``scheme``, ``promised_return`` a year, such as 0.3.

        as_of : datetime or number of seconds, optional
            When the tables were taken; who joined later is an error.

        Returns
        -------
        result : ReferralResult
            Programmes, their signs, and members.

        Raises
        ------
        InvalidInputError
            If a column is absent, a member has no name or two rows, referrers make a
            circle, an amount is negative, or somebody joined in the future.
        InvalidTypeError
            If a table has no named columns, or an amount is no number.
        """
        columns = {name: getattr(self, name) for name in _COLUMNS}
        members = read_members(X, columns, self.cycles, as_of)
        paid = None if commissions is None else read_paid(commissions, members)
        if paid is not None and "commission" not in members.amounts:
            n = members.scheme.size
            received = np.bincount(paid.receiver, paid.amount, minlength=n)
            members.amounts["commission"] = received.astype(np.float64)
        promises = None if schemes is None else read_promises(schemes, members.schemes)
        signs = self._signs(members, paid, promises)
        n_signs = np.sum([found == 1 for _, found, _ in signs.values()], axis=0)
        size, depth = members.forest.downline()
        return ReferralResult(
            schemes=_schemes_table(members, depth)
            | {
                "n_signs": n_signs,
                "n_evaluated": np.sum(
                    [~np.isnan(found) for _, found, _ in signs.values()], axis=0
                ),
                "is_suspect": n_signs >= self.min_signs,
            },
            signs=signs,
            members=members_table(members, size, depth, n_signs >= self.min_signs),
        )

    def _market(self) -> tuple[float, float] | None:
        """Return centre and spread of the market yields."""
        if self.market_yields is None:
            return None
        given = np.asarray(self.market_yields, dtype=np.float64).ravel()
        if given.size < _FEWEST_YIELDS or not np.isfinite(given).all():
            msg = (
                f"market_yields must hold at least {_FEWEST_YIELDS} finite numbers, "
                f"such as 0.03; got {given.size}, of them "
                f"{int(np.isfinite(given).sum())} finite."
            )
            raise InvalidParameterError(msg)
        centre = float(np.median(given))
        spread = _MAD_TO_SD * float(np.median(np.abs(given - centre)))
        return centre, max(spread, _LEAST_SPREAD)

    def _signs(
        self, members: Members, paid: Paid | None, promises: FloatArray | None
    ) -> dict[str, tuple[FloatArray, FloatArray, float]]:
        """Return value, 1 for a sign (NaN if not evaluated), and threshold."""
        n = len(members.schemes)
        nothing = np.full(n, np.nan)
        total = {
            role: np.bincount(members.scheme, amount, minlength=n)
            for role, amount in members.amounts.items()
        }
        out = total.get("commission", 0.0) + total.get("payout", nothing)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = total.get("commission", nothing) / out
            uncovered = 1.0 - np.minimum(total.get("revenue", nothing) / out, 1.0)
            taken = total.get("paid_in", nothing) + total.get("revenue", 0.0)
            ratio = np.where(out > 0, out / taken, 0.0 * out)
        levels = nothing if paid is None else _levels_paid(members, paid)
        circles = np.bincount(members.scheme[members.in_circle], minlength=n)
        z = nothing
        market = self._market()
        if promises is not None and market is not None:
            z = (promises - market[0]) / market[1]
        found = {
            "levels_paid": (levels, levels >= self.min_levels, self.min_levels),
            "commission_share": (
                share,
                share >= self.min_commission_share,
                self.min_commission_share,
            ),
            "uncovered_share": (
                uncovered,
                uncovered >= self.min_uncovered_share,
                self.min_uncovered_share,
            ),
            "payout_ratio": (
                ratio,
                ratio > self.min_payout_ratio,
                self.min_payout_ratio,
            ),
            "promised_return": (z, z >= self.min_return_z, self.min_return_z),
            "circles": (circles.astype(float), circles > 0, 1),
        }
        return {
            name: (value, np.where(np.isnan(value), np.nan, is_sign), float(threshold))
            for name, (value, is_sign, threshold) in found.items()
        }


def _levels_paid(members: Members, paid: Paid) -> FloatArray:
    """Return how many generations get a share of the commissions of each scheme."""
    n = len(members.schemes)
    level = generations(members.forest, paid.receiver, paid.source)
    n_levels = int(level.max(initial=0)) + 1
    key = members.scheme[paid.receiver] * n_levels + level
    amount = np.bincount(key, paid.amount, minlength=n * n_levels)
    by_level = amount.reshape(n, n_levels)
    least = _LEAST_LEVEL_SHARE * by_level.sum(axis=1, keepdims=True)
    # Generation 0 holds what goes to others than recruiters.
    paid_levels = (by_level > 0) & (by_level >= least)
    return np.asarray(paid_levels[:, 1:].sum(axis=1), dtype=np.float64)


def _schemes_table(members: Members, depth: Any) -> dict[str, Any]:
    n = len(members.schemes)
    recruited = members.forest.parent >= 0
    n_members = np.bincount(members.scheme, minlength=n)
    deepest = np.zeros(n, dtype=np.intp)
    np.maximum.at(deepest, members.scheme, depth)
    breadth = np.zeros(n, dtype=np.intp)
    np.maximum.at(breadth, members.scheme, members.forest.n_recruits)
    return {
        "scheme": np.array(members.schemes, dtype=object),
        "n_members": n_members,
        "recruited_share": np.bincount(members.scheme[recruited], minlength=n)
        / n_members,
        "depth": deepest,
        "breadth": breadth,
        "n_unknown": members.n_unknown,
        "n_early": members.n_early,
        "n_in_circle": np.bincount(members.scheme[members.in_circle], minlength=n),
    }
