"""Cut-offs of several scores against each other: which are worth having."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.decision._cutoffs import CutoffResult
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["FrontierResult", "efficient_frontier"]


@dataclass(frozen=True, slots=True)
class FrontierResult:
    """What :func:`efficient_frontier` returns; one entry for each cut-off.

    Parameters
    ----------
    model : tuple of str
        Whose cut-off it is.

    cutoff, approval_rate, expected_event_rate : tuple of float
        As in :class:`CutoffResult`.

    efficient : tuple of bool
        Whether no other cut-off of any model approves as many at a lower event rate,
        or more at the same.

    Examples
    --------
    >>> from riskkit.decision import FrontierResult
    >>> FrontierResult(("card",), (600.0,), (0.5,), (0.02,), (True,)).frame()
      model  cutoff  approval_rate  expected_event_rate  efficient
    0  card   600.0            0.5                 0.02       True
    """

    model: tuple[str, ...]
    cutoff: tuple[float, ...]
    approval_rate: tuple[float, ...]
    expected_event_rate: tuple[float, ...]
    efficient: tuple[bool, ...]

    def frame(self) -> pd.DataFrame:
        """Return one row for each cut-off of each model."""
        import pandas as pd

        return pd.DataFrame(self.to_dict())

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns as plain lists."""
        return {name: list(column) for name, column in asdict(self).items()}

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def efficient_frontier(results: Mapping[str, CutoffResult]) -> FrontierResult:
    """Mark the cut-offs that no other cut-off beats, over all models.

    Parameters
    ----------
    results : mapping of str to CutoffResult
        Cut-off tables of several scores on the same applicants.

    Returns
    -------
    result : FrontierResult
        With ``.frame()``.

    Raises
    ------
    InvalidParameterError
        If the results are not cut-off tables of equally many applicants.

    See Also
    --------
    riskkit.plotting.CutoffDisplay : The curves in one picture.

    Notes
    -----
    A model whose cut-offs are nowhere efficient is beaten at every approval rate. The
    frontier is that of the sample: near ties are no evidence, see the intervals.

    Examples
    --------
    >>> from riskkit.decision import cutoff_table, efficient_frontier
    >>> y = [0, 0, 1, 0, 1, 1]
    >>> frontier = efficient_frontier({
    ...     "old": cutoff_table(y, [6, 5, 4, 3, 2, 1], best="high"),
    ...     "new": cutoff_table(y, [6, 5, 3, 4, 2, 1], best="high"),
    ... })
    >>> frontier.frame().query("model == 'old'")["efficient"].tolist()
    [False, False, False, True, True, True]
    """
    if (
        not isinstance(results, Mapping)
        or not results
        or not all(isinstance(result, CutoffResult) for result in results.values())
    ):
        msg = (
            "results must map names to what cutoff_table returned; got something else."
        )
        raise InvalidParameterError(msg)
    sizes = {result.n for result in results.values()}
    if max(sizes) - min(sizes) > 1e-9 * max(sizes):
        msg = (
            f"The results must be of the same applicants; got {sorted(sizes)} of them. "
            "Cut all scores off on one sample."
        )
        raise InvalidParameterError(msg)
    model = [name for name, r in results.items() for _ in r.columns["cutoff"]]

    def joined(column: str) -> FloatArray:
        return np.concatenate([r.columns[column] for r in results.values()])

    approval, rate = joined("approval_rate"), joined("expected_event_rate")
    return FrontierResult(
        model=tuple(model),
        cutoff=tuple(joined("cutoff").tolist()),
        approval_rate=tuple(approval.tolist()),
        expected_event_rate=tuple(rate.tolist()),
        efficient=tuple(_unbeaten(approval, rate).tolist()),
    )


def _unbeaten(approval: FloatArray, rate: FloatArray) -> BoolArray:
    """Return who has the one lowest event rate at its approval rate and above."""
    rate = np.where(np.isnan(rate), np.inf, rate)  # a cut-off that approves nobody
    order = np.lexsort((rate, -approval))  # most approvals first, then fewest events
    lowest = np.minimum.accumulate(rate[order])
    efficient = np.empty(rate.size, dtype=np.bool_)
    efficient[order] = rate[order] < np.concatenate([[np.inf], lowest[:-1]])
    # Equal in both is as good as the first of them.
    best = set(zip(approval[efficient].tolist(), rate[efficient].tolist(), strict=True))
    pairs = zip(approval.tolist(), rate.tolist(), strict=True)
    return np.array([pair in best for pair in pairs], dtype=np.bool_)
