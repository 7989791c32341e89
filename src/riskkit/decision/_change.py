"""Why a rate moved: other accounts, or the same accounts behaving otherwise.

With shares ``p_i`` and rates ``b_i`` of group ``i`` in the expected sample, ``q_i`` and
``c_i`` in the actual one, and the expected rate ``B = sum(p_i b_i)``::

    C - B = sum((q_i - p_i) (b_i - B)) + sum(q_i (c_i - b_i))
                 mix effect               rate effect

The mix effect of a group is measured from ``B``, which moves no sum and gives each
group its own part: growth of a group counts against the portfolio only if the group is
worse than the portfolio was. A group that is new has no ``b_i``: it is all mix, with
its own rate; one that is gone is all mix too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.decision._rows import read_numbers
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["RateChangeResult", "rate_change"]

_ROUNDING = 1e-9  # of sums of weights that were added in another order


@dataclass(frozen=True, slots=True)
class RateChangeResult:
    """What :func:`rate_change` returns.

    Parameters
    ----------
    columns : dict of str to tuple
        One entry for each group; see :meth:`frame`.

    expected_rate, actual_rate : float
        Of all groups together.

    mix_effect, rate_effect : float
        Sums over the groups; together they are the change.

    Examples
    --------
    >>> from riskkit.decision import rate_change
    >>> result = rate_change([80, 20], [4, 4], [50, 50], [2.5, 10], ["branch", "web"])
    >>> round(result.mix_effect, 4), round(result.rate_effect, 4)
    (0.045, 0.0)
    """

    columns: dict[str, tuple[Any, ...]]
    expected_rate: float
    actual_rate: float
    mix_effect: float
    rate_effect: float

    @property
    def change(self) -> float:
        """Actual rate less expected rate."""
        return self.actual_rate - self.expected_rate

    def frame(self) -> pd.DataFrame:
        """Return one row for each group.

        Returns
        -------
        frame : DataFrame
            Columns group, expected_share, actual_share, expected_rate, actual_rate,
            mix_effect, rate_effect, and effect, the sum of both.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self) | {"change": self.change}

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def rate_change(
    expected_n: ArrayLike,
    expected_event: ArrayLike,
    actual_n: ArrayLike,
    actual_event: ArrayLike,
    groups: Sequence[str] | None = None,
) -> RateChangeResult:
    """Split the change of a rate into a change of mix and changes within groups.

    Parameters
    ----------
    expected_n, actual_n : array-like of shape (n_groups,)
        Accounts of each group before and after, such as applicants by channel.

    expected_event, actual_event : array-like of shape (n_groups,)
        Those of them that count: events, or approvals.

    groups : sequence of str, optional
        Names of the groups.

    Returns
    -------
    result : RateChangeResult
        With ``.frame()``, ``.mix_effect`` and ``.rate_effect``, which add up to
        ``.change``.

    Raises
    ------
    InvalidInputError
        If counts are negative or not of the same groups, or a sample is empty.

    See Also
    --------
    funnel : Makes such counts; its result has ``change_from``.

    Examples
    --------
    Two channels of 5 and 20 percent; the second one grows, and the first gets worse:

    >>> from riskkit.decision import rate_change
    >>> result = rate_change([80, 20], [4, 4], [50, 50], [3.5, 10], ["branch", "web"])
    >>> result.frame()[["group", "mix_effect", "rate_effect"]].round(4)
        group  mix_effect  rate_effect
    0  branch       0.009         0.01
    1     web       0.036         0.00
    >>> round(result.change, 4)
    0.055
    """
    n, event = _counts("expected", expected_n, expected_event)
    new_n, new_event = _counts("actual", actual_n, actual_event)
    if n.size != new_n.size or (groups is not None and len(groups) != n.size):
        msg = (
            f"Counts must be of the same groups in the same order; got {n.size} before "
            f"and {new_n.size} after"
            f"{'' if groups is None else f', and {len(groups)} names'}. Give 0 for a "
            "group that is not there."
        )
        raise InvalidInputError(msg)
    p, q = n / n.sum(), new_n / new_n.sum()
    whole = float(event.sum() / n.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, new_rate = event / n, new_event / new_n
    base = np.where(n > 0, rate, new_rate)
    later = np.where(new_n > 0, new_rate, base)
    either = (n > 0) | (new_n > 0)
    mix = np.where(either, (q - p) * (base - whole), 0.0)
    within = np.where(either, q * (later - base), 0.0)
    names = range(1, n.size + 1) if groups is None else groups
    columns = {
        "expected_share": p,
        "actual_share": q,
        "expected_rate": rate,
        "actual_rate": new_rate,
        "mix_effect": mix,
        "rate_effect": within,
        "effect": mix + within,
    }
    return RateChangeResult(
        {"group": tuple(str(name) for name in names)}
        | {key: tuple(column.tolist()) for key, column in columns.items()},
        expected_rate=whole,
        actual_rate=float(new_event.sum() / new_n.sum()),
        mix_effect=float(mix.sum()),
        rate_effect=float(within.sum()),
    )


def _counts(which: str, n: Any, event: Any) -> tuple[FloatArray, FloatArray]:
    total = read_numbers(f"{which}_n", n)
    part = read_numbers(f"{which}_event", event, total.size)
    wrong = ~(np.isfinite(total) & (part >= 0) & (part <= total * (1.0 + _ROUNDING)))
    if wrong.any():
        msg = (
            f"{which}_event must lie between 0 and {which}_n in every group; in "
            f"{np.count_nonzero(wrong)} of {total.size} it does not."
        )
        raise InvalidInputError(msg)
    if not total.any():
        msg = f"{which}_n must hold somebody; got none. An empty sample has no rate."
        raise InvalidInputError(msg)
    return total, part
