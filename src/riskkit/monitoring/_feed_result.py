"""What a look at the feeds says."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.columns import Columns, plain_rows, table_frame
from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "FeedResult"]

COLUMNS = (
    "feature", "kind", "n", "absent", "constant", "factor", "stale", "n_breaks",
    "finding", "psi", "psi_rescaled", "repeated", "repeated_p_value", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FeedResult:
    """Features whose source has broken.

    Made by :func:`check_feeds`.

    Parameters
    ----------
    columns : dict of str to tuple
        The columns of :meth:`frame`.

    new_columns : tuple of str
        Columns of the table that are no feature.

    Notes
    -----
    ``absent``, ``constant`` and ``stale`` tell the kind of break; ``factor`` is the
    ratio to the unit of the reference, NaN where none was found; ``repeated`` is the
    share of values that stand in the period before as well, NaN where nothing was said.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline, check_feeds
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> result = check_feeds({"x0": x[:, 0] * 0}, Baseline.fit(x))
    >>> result.broken
    ('x0', 'x1')
    >>> result.frame()["finding"].tolist()
    ['one value in all rows', 'the column is missing']
    """

    columns: Columns
    new_columns: tuple[str, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The features with a break."""
        pairs = zip(self.columns["feature"], self.columns["n_breaks"], strict=True)
        return tuple([feature for feature, n_breaks in pairs if n_breaks])

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a feature."""
        return table_frame(self.columns)

    def measurements(self) -> tuple[Measurement, ...]:
        """Return what a warning can be raised on: the breaks of each feature."""
        names = ("feature", "n_breaks", "n", "finding", "reason")
        return tuple(
            Measurement(
                "feed_break",
                float("nan") if reason else float(n_breaks),
                of=feature,
                n=n,
                reason=reason,
                note=finding,
            )
            for feature, n_breaks, n, finding, reason in zip(
                *(self.columns[name] for name in names), strict=True
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "broken": list(self.broken),
            "new_columns": list(self.new_columns),
            "features": plain_rows(self.columns),
        }

    def __repr__(self) -> str:
        n = len(self.columns["feature"])
        return f"<FeedResult: {len(self.broken)} of {n} features broken>"

    def _repr_html_(self) -> str:
        text = html.escape(f"{self!r}"[1:-1])
        return f"<p>{text}.</p>{self.frame().to_html(index=False)}"
