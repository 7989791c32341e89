"""Two scores at once: risk by intent, old by new."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._rows import check_level, read_masses, read_numbers
from riskkit.decision._score_segments import NO_SCORE, ScoreSegments
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["ScoreMatrixResult", "score_matrix"]


@dataclass(frozen=True, slots=True)
class ScoreMatrixResult:
    """What :func:`score_matrix` returns; one entry for each pair of segments.

    Parameters
    ----------
    columns : dict of str to tuple
        See :meth:`frame`.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import ScoreMatrixResult
    >>> one = ScoreMatrixResult(
    ...     {"row": ("safe",), "column": ("keen",), "n": (3.0,)}, 0.95)
    >>> one.wide("n")
    column  keen
    row
    safe     3.0
    """

    columns: dict[str, tuple[Any, ...]]
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each pair of segments.

        Returns
        -------
        frame : DataFrame
            Columns row, column (the segments, best first), n, share; with outcomes or
            PDs also n_known, n_event, event_rate with Jeffreys' interval, n_inferred,
            inferred_rate and expected_event_rate.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def wide(self, value: str = "share") -> pd.DataFrame:
        """Return one of the columns as a matrix.

        Parameters
        ----------
        value : str, default="share"
            Column of :meth:`frame` to show.

        Returns
        -------
        matrix : DataFrame
            Segments of the first score down, of the second across, best first.

        Raises
        ------
        InvalidParameterError
            If there is no such column.
        """
        import pandas as pd

        options = [name for name in self.columns if name not in {"row", "column"}]
        check_option("value", value, options)
        ours = list(dict.fromkeys(self.columns["row"]))
        theirs = list(dict.fromkeys(self.columns["column"]))
        return pd.DataFrame(
            np.reshape(self.columns[value], (len(ours), len(theirs))),
            index=pd.Index(ours, name="row"),
            columns=pd.Index(theirs, name="column"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.wide().to_html(na_rep=""))


def score_matrix(
    rows: ScoreSegments,
    row_score: ArrayLike,
    columns: ScoreSegments,
    column_score: ArrayLike,
    y: ArrayLike | None = None,
    *,
    pd: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> ScoreMatrixResult:
    """Count accounts by the segments of two scores.

    Parameters
    ----------
    rows, columns : ScoreSegments
        Segments of the first and of the second score.

    row_score, column_score : array-like of shape (n_samples,)
        The two scores of each account.

    y : array-like of shape (n_samples,), optional
        Outcomes: 1 for the event, 0, missing where there is none. The event may be a
        response as well as a default.

    pd : array-like of shape (n_samples,), optional
        PDs that stand for outcomes where there are none.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : ScoreMatrixResult
        With ``.frame()``, and ``.wide(column)`` as a matrix.

    Raises
    ------
    InvalidTypeError
        If segments are not those of :func:`segment_by_score`, or a score is no number.
    InvalidInputError, InvalidTargetError
        If rows do not match, or outcomes cannot be read.

    See Also
    --------
    segment_by_score : Makes the segments.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import score_matrix, segment_by_score
    >>> points, intent = np.arange(100), np.arange(100) % 10
    >>> risk = segment_by_score(points, best="high", shares=[0.5])
    >>> keen = segment_by_score(intent, best="high", edges=[7], names=["keen", "cool"])
    >>> score_matrix(risk, points, keen, intent).wide("n")
    column   keen  cool
    row
    top 50%  15.0  35.0
    rest     15.0  35.0
    """
    check_level(level)
    for name, segments in (("rows", rows), ("columns", columns)):
        if not isinstance(segments, ScoreSegments):
            msg = (
                f"{name} must be segments made by segment_by_score; got "
                f"{type(segments).__name__}."
            )
            raise InvalidTypeError(msg)
    first = read_numbers("row_score", row_score)
    second = read_numbers("column_score", column_score, first.size)
    weight = read_masses(first.size, sample_weight)
    outcomes = read_outcomes(y, pd, weight)
    ours, down = _placed(rows, first)
    theirs, across = _placed(columns, second)
    counts = outcomes.count(down * len(theirs) + across, len(ours) * len(theirs))
    table = {"n": counts.n, "share": counts.n / counts.n.sum()}
    if y is not None or pd is not None:
        table |= counts.columns(level)
    names = {
        "row": tuple(name for name in ours for _ in theirs),
        "column": tuple(theirs) * len(ours),
    }
    return ScoreMatrixResult(
        names | {key: tuple(column.tolist()) for key, column in table.items()}, level
    )


def _placed(segments: ScoreSegments, score: Any) -> tuple[list[str], Any]:
    """Return the segments that rows fall into, with one for no score if needed."""
    codes = segments.codes(score)
    names = list(segments.names)
    if (codes < 0).any():
        codes = np.where(codes < 0, len(names), codes)
        names.append(NO_SCORE)
    return names, codes
