"""What a sample of accounts looks like in rating grades."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.grades import falling_pairs, herfindahl
from riskkit._kernels.intervals import jeffreys_interval

if TYPE_CHECKING:
    from pandas import DataFrame

    from riskkit.artifact import MasterScaleSpec
    from riskkit.typing import FloatArray

__all__ = ["GradeTable", "grade_table"]


@dataclass(frozen=True, slots=True)
class GradeTable:
    """A sample in the grades of a master scale, safest grade first.

    What needs outcomes is NaN without them, and whatever needs accounts is NaN in a
    grade that holds none.

    Parameters
    ----------
    grade : tuple of str
        Labels.

    lower, upper : tuple of float
        Edges; a grade is ``(lower, upper]``.

    pd : tuple of float
        The PD that stands for the grade on the master scale.

    n, share : tuple of float
        Accounts (sums of weights), and their share of the sample.

    pd_mean : tuple of float
        Mean of the PDs in the grade.

    n_event, event_rate : tuple of float
        Events, and events per account.

    rate_low, rate_high : tuple of float
        Jeffreys interval of the event rate, 95 %, for independent accounts.

    hhi : float
        Herfindahl-Hirschman index of the shares: 1/k if k grades are filled evenly, 1
        if one grade holds all accounts.

    inversions : tuple of pair of str
        Neighbouring filled grades of which the riskier has the lower event rate.

    Examples
    --------
    >>> from riskkit.scaling import MasterScale
    >>> scale = MasterScale([0, 0.02, 0.1, 1]).fit([0.01, 0.02, 0.05, 0.2])
    >>> scale.table_.frame()[["grade", "lower", "upper", "n", "pd_mean"]]
      grade  lower  upper    n  pd_mean
    0     1   0.00   0.02  2.0    0.015
    1     2   0.02   0.10  1.0    0.050
    2     3   0.10   1.00  1.0    0.200
    """

    grade: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    pd: tuple[float, ...]
    n: tuple[float, ...]
    share: tuple[float, ...]
    pd_mean: tuple[float, ...]
    n_event: tuple[float, ...]
    event_rate: tuple[float, ...]
    rate_low: tuple[float, ...]
    rate_high: tuple[float, ...]
    hhi: float
    inversions: tuple[tuple[str, str], ...]

    @property
    def monotone(self) -> bool:
        """Whether no riskier grade has a lower event rate than the filled one below."""
        return not self.inversions

    def frame(self) -> DataFrame:
        """Return the table, one row a grade."""
        from pandas import DataFrame

        columns = self.to_dict()
        del columns["hhi"], columns["inversions"]
        return DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the columns as plain lists, and what concerns the whole scale."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def grade_table(
    spec: MasterScaleSpec,
    n: FloatArray,
    pd_sum: FloatArray,
    n_event: FloatArray | None,
) -> GradeTable:
    """Return the table of a sample from its sums by grade."""
    unknown = np.full(n.size, np.nan)
    rate = low = high = unknown
    inversions: list[tuple[str, str]] = []
    with np.errstate(invalid="ignore"):  # empty grades
        pd_mean = pd_sum / n
        if n_event is not None:
            rate = n_event / n
            low, high = jeffreys_interval(n_event, n, 0.95)
    if n_event is not None:
        filled = np.flatnonzero(n > 0)
        for pair in np.flatnonzero(falling_pairs(n_event, n)):
            safer, riskier = filled[pair], filled[pair + 1]
            inversions.append((spec.labels[safer], spec.labels[riskier]))

    def plain(column: FloatArray) -> tuple[float, ...]:
        return tuple(column.tolist())

    return GradeTable(
        grade=spec.labels,
        lower=spec.edges[:-1],
        upper=spec.edges[1:],
        pd=spec.pds,
        n=plain(n),
        share=plain(n / n.sum()),
        pd_mean=plain(pd_mean),
        n_event=plain(unknown if n_event is None else n_event),
        event_rate=plain(rate),
        rate_low=plain(low),
        rate_high=plain(high),
        hhi=herfindahl(n),
        inversions=tuple(inversions),
    )
