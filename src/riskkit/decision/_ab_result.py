"""What an experiment says."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.columns import Columns, plain_rows, table_frame
from riskkit._core.params import check_option

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ABTestResult"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ABTestResult:
    """What :func:`ab_test` returns.

    Parameters
    ----------
    verdict : str
        ``"better"``: at least one arm is better than the control, and no chance;
        ``"mixed"``: the same, but worse in some segment; ``"worse"``: no arm is better
        and at least one is worse; ``"unclear"``; ``"not_evaluable"``.

    reason : str
        The verdict in a sentence or two.

    concerns : tuple of str
        What speaks against taking the verdict at its word.

    measure : {"rate", "mean"}
        What was compared.

    control : str
        The arm that the others are held against.

    stopping : {"any", "planned"}
        Which p-values decide.

    level : float
        Level of the intervals.

    ratio_p_value : float
        Of the sample-ratio check over all rows.

    tables : dict of str to dict
        Columns of ``comparisons``, ``arms`` and ``path``.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import ab_test
    >>> rng = np.random.default_rng(1)
    >>> arm = np.where(rng.random(8_000) < 0.5, "new letter", "old letter")
    >>> funded = rng.random(8_000) < np.where(arm == "new letter", 0.13, 0.10)
    >>> result = ab_test(funded, arm, control="old letter", best="high",
    ...                  n_planned=8_000)
    >>> result.verdict
    'better'
    >>> result.frame("arms")[["arm", "n", "n_event", "value"]].round(3)
              arm       n  n_event  value
    0  old letter  4060.0    418.0  0.103
    1  new letter  3940.0    531.0  0.135
    """

    verdict: str
    reason: str
    concerns: tuple[str, ...]
    measure: str
    control: str
    stopping: str
    level: float
    ratio_p_value: float
    tables: dict[str, Columns]

    def frame(self, table: str = "comparisons") -> pd.DataFrame:
        """Return one of the tables.

        Parameters
        ----------
        table : {"comparisons", "arms", "path"}, default="comparisons"
            Each arm against the control, for everyone and each segment; every arm by
            itself; or the comparisons as they stood on each day.

        Returns
        -------
        frame : DataFrame
            ``comparisons``: scope, group, arm; n and value of the arm and of the
            control; difference (arm less control) and relative_difference; low, high,
            p_value and p_adjusted of one look at the end; always_low, always_high,
            always_p_value and always_p_adjusted, which hold at any time; verdict, and
            reason where there is none.

            ``arms``: scope, group, arm, n_assigned, planned_share, ratio_p_value (of
            the sample-ratio check of the group), n_immature, n (with an outcome),
            n_event of rates, value, its low and high.

            ``path``: day, arm, n, difference, low and high of that day, always_low and
            always_high (what all days so far have in common), always_p_value.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("table", table, tuple(self.tables))
        return table_frame(self.tables[table])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        plain = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in {"tables", "concerns"}
        }
        return plain | {
            "concerns": list(self.concerns),
            "tables": {name: plain_rows(t) for name, t in self.tables.items()},
        }

    def __repr__(self) -> str:
        return f"<ABTestResult {self.verdict}: {self.reason}>"

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{html.escape(text)}</li>" for text in self.concerns)
        return (
            f"<p><b>{html.escape(self.verdict)}</b>: {html.escape(self.reason)}</p>"
            + (f"<ul>{said}</ul>" if said else "")
            + str(self.frame().to_html(index=False, na_rep=""))
        )
