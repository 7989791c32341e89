"""What a rolling backtest says."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import Columns, plain_rows, table_frame
from riskkit._core.params import check_option

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.typing import FloatArray, IntArray

__all__ = ["BacktestResult"]

_SHOWN = (
    "window", "model", "n", "n_event", "event_rate", "mean_pd", "actual_expected",
    "gini", "gini_low", "gini_high", "ks", "psi",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BacktestResult:
    """What :func:`rolling_backtest` returns.

    Parameters
    ----------
    models : tuple of str
        In the order given.

    champion : str
        The model that the others are compared with.

    split : str
        The windows in words.

    level : float
        Level of the intervals.

    tables : dict of str to columns
        See :meth:`frame`.

    scores : tuple
        Window, model, rows and scores of the test rows.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import GivenScore, OutOfTimeSplit, rolling_backtest
    >>> rng = np.random.default_rng(0)
    >>> dates = np.datetime64("2001-01-01") + rng.integers(0, 5 * 365, 2_000)
    >>> pd = rng.beta(1, 9, 2_000)
    >>> y = (rng.random(2_000) < pd).astype(int)
    >>> result = rolling_backtest(
    ...     {"bureau": GivenScore(pd)}, pd[:, None], y, split=OutOfTimeSplit(dates))
    >>> result
    <BacktestResult: bureau, 3 windows from 2003 to 2005>
    >>> result.predictions().columns.tolist()
    ['row', 'window', 'model', 'score']
    """

    models: tuple[str, ...]
    champion: str
    split: str
    level: float
    tables: dict[str, Columns]
    scores: tuple[tuple[str, str, IntArray, FloatArray], ...]

    @property
    def windows(self) -> tuple[str, ...]:
        """The test windows in order of time."""
        return tuple(dict.fromkeys(self.tables["windows"]["window"]))

    def frame(self, name: str = "windows") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        name : str, default="windows"
            ``windows``: one row for each window and model, with rows, events, ranking,
            level, spread and stability, most with an interval; importance_correlation
            is Spearman's with the window before. ``bands``: the score in bands.
            ``challenge``: Gini against the champion, with DeLong's test. ``importance``
            of the columns. ``trend``: each measure over the windows, with the
            Mann-Kendall test. ``leakage``: suspicious columns. ``warnings`` of the
            models.

        Returns
        -------
        frame : DataFrame
            A level above 0 says that PDs are too low; a slope below 1, that they are
            spread too far.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("name", name, tuple(self.tables))
        return table_frame(self.tables[name])

    def predictions(self) -> pd.DataFrame:
        """Return every score out of time.

        Returns
        -------
        frame : DataFrame
            Columns row (position among the rows given), window, model and score, a PD
            if the model gives one; up is riskier.
        """
        import pandas as pd

        sizes = [rows.size for _, _, rows, _ in self.scores]
        return pd.DataFrame(
            {
                "row": np.concatenate([rows for _, _, rows, _ in self.scores]),
                "window": np.repeat([window for window, *_ in self.scores], sizes),
                "model": np.repeat([model for _, model, *_ in self.scores], sizes),
                "score": np.concatenate([score for *_, score in self.scores]),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the scores."""
        return {
            "models": list(self.models),
            "champion": self.champion,
            "split": self.split,
            "level": self.level,
            "tables": {name: plain_rows(t) for name, t in self.tables.items()},
        }

    def __repr__(self) -> str:
        names, windows = ", ".join(self.models), self.windows
        return (
            f"<BacktestResult: {names}, {len(windows)} windows from {windows[0]} to "
            f"{windows[-1]}>"
        )

    def _repr_html_(self) -> str:
        table = self.frame()[list(_SHOWN)].to_html(index=False, na_rep="")
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{table}"
