"""How customers move between rating grades, and how grades fill up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_real
from riskkit._kernels.migration_tests import (
    bandwidths,
    concentration_score,
    herfindahl_index,
    stability_scores,
    variation,
)
from riskkit.exceptions import InvalidParameterError
from riskkit.metrics._counts import read_counts
from riskkit.metrics._groups import read_matrix
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import TestResult

__all__ = ["MWBResult", "concentration_test", "migration_test", "mwb"]


@dataclass(frozen=True, slots=True)
class MWBResult:
    """What :func:`mwb` returns.

    Parameters
    ----------
    upper : float
        Bandwidth of the moves to riskier grades, between 0 and 1; 0 if there are none.

    lower : float
        The same of the moves to safer grades.

    n : float
        Customers.

    n_upper, n_lower : float
        Customers that moved to a riskier, and to a safer grade.

    Examples
    --------
    >>> from riskkit.metrics import mwb
    >>> mwb([[8, 2], [0, 5]]).to_dict()
    {'upper': 1.0, 'lower': 0.0, 'n': 15.0, 'n_upper': 2.0, 'n_lower': 0.0}
    """

    upper: float
    lower: float
    n: float
    n_upper: float
    n_lower: float

    def frame(self) -> pd.DataFrame:
        """Return a table of one row."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def mwb(counts: ArrayLike) -> MWBResult:
    """Compute the matrix weighted bandwidths of a table of rating migrations.

    Parameters
    ----------
    counts : array-like of shape (n_grades, n_grades)
        Customers by grade at the start (rows) and at the end (columns), safest grade
        first; without defaults and without those who left.

    Returns
    -------
    result : MWBResult
        How far customers moved, as a share of how far they could have moved.

    Raises
    ------
    InvalidInputError
        If the table is not square, or a count is negative.

    See Also
    --------
    migration_test : Whether frequencies fall away from the diagonal.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.5.5.1.

    Examples
    --------
    >>> from riskkit.metrics import mwb
    >>> counts = [[10, 8, 15, 9, 10], [11, 9, 13, 9, 8], [0, 10, 10, 11, 10],
    ...           [0, 0, 9, 11, 11], [0, 0, 0, 11, 10]]
    >>> result = mwb(counts)
    >>> round(result.upper, 4), round(result.lower, 4)
    (0.6066, 0.3306)
    """
    table = read_matrix("counts", counts, square=True)
    upper, lower = bandwidths(table)
    return MWBResult(
        upper,
        lower,
        n=float(table.sum()),
        n_upper=float(np.triu(table, 1).sum()),
        n_lower=float(np.tril(table, -1).sum()),
    )


def migration_test(counts: ArrayLike) -> TestResult:
    """Test whether migration frequencies fall away from the diagonal.

    Parameters
    ----------
    counts : array-like of shape (n_grades, n_grades)
        As in :func:`mwb`.

    Returns
    -------
    result : TestResult
        One entry for each pair of grades (rows: start, columns: end). A small p-value
        says that more customers moved to this grade than to its neighbour nearer to
        where they came from. Details hold the ``share`` of each move. The diagonal is
        not evaluable, nor is a move where it and its neighbour leave nothing to
        chance.

    Raises
    ------
    InvalidInputError
        If the table is not square, or a count is negative.

    See Also
    --------
    mwb : How far customers move, in one number.

    Notes
    -----
    ``z = (p_ih - p_ij) / sqrt((p_ij (1 - p_ij) + p_ih (1 - p_ih) + 2 p_ij p_ih) /
    N_i)`` with ``h`` the neighbour of ``j`` towards ``i``; the p-value is ``Phi(z)``
    [1]_. A table of K grades asks K (K - 1) questions: ``lights(holm_adjusted=True)``.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.5.5.2.

    Examples
    --------
    >>> from riskkit.metrics import migration_test
    >>> counts = [[10, 8, 15, 9, 10], [11, 9, 13, 9, 8], [0, 10, 10, 11, 10],
    ...           [0, 0, 9, 11, 11], [0, 0, 0, 11, 10]]
    >>> migration_test(counts).statistic[0].round(5)
    array([     nan,  0.47242, -1.49045,  1.2428 , -0.22953])
    """
    from scipy.special import ndtr

    table = read_matrix("counts", counts, square=True)
    of_row = table.sum(axis=1, keepdims=True)
    z = stability_scores(table)
    with np.errstate(invalid="ignore"):
        share = table / of_row
    return make_result(
        "Migration stability",
        statistic_name="z",
        statistic=z,
        p_value=ndtr(z),
        null="moves to this grade are no more frequent than to its nearer neighbour",
        direction="greater",
        n=np.broadcast_to(of_row, table.shape),
        unusable={
            "nobody was in the grade at the start": of_row == 0,
            "customers on the diagonal did not move": np.eye(len(table), dtype=bool),
            "nothing varies": np.isnan(z),
        },
        details={"share": share},
        axes=("from_grade", "to_grade"),
    )


def concentration_test(
    n: ArrayLike,
    *,
    initial_n: ArrayLike | None = None,
    initial_cv: float | None = None,
) -> TestResult:
    """Test whether accounts have become more concentrated in some grades.

    Parameters
    ----------
    n : array-like of shape (n_grades,)
        Accounts of each grade now, or their exposure, or shares of either.

    initial_n : array-like of shape (n_grades,), default=None
        The same at development.

    initial_cv : float, default=None
        Coefficient of variation at development, instead of `initial_n`.

    Returns
    -------
    result : TestResult
        The statistic is normal, above 0 for more concentration. Details hold ``cv``
        and ``initial_cv``, the Herfindahl index ``hi`` (0 for equal grades, 1 for a
        single one) and the ``largest_share``. Not evaluable with a single grade, or
        without anything to compare with; the details stand all the same.

    Raises
    ------
    InvalidInputError
        If counts are negative, all 0, or of other grades.
    InvalidParameterError
        If both `initial_n` and `initial_cv` are given, or the latter is negative.

    Notes
    -----
    ``sqrt(K - 1) (cv - initial_cv) / sqrt(cv^2 (1/2 + cv^2))`` [1]_. The ECB asks for
    the test by number, and for the index by number and by exposure. It depends on the
    shares alone, not on the number of accounts. Equally full grades have p-value 1, or
    1/2 if they were so at development.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.5.5.3.

    Examples
    --------
    >>> from riskkit.metrics import concentration_test
    >>> result = concentration_test([10, 20, 40, 20, 10], initial_cv=0.3)
    >>> round(result.details["cv"], 6), round(result.details["hi"], 6)
    (0.547723, 0.163016)
    >>> round(result.p_value, 6)
    0.155931
    """
    from scipy.special import ndtr

    if initial_n is not None and initial_cv is not None:
        msg = "Only one of initial_n and initial_cv can be given; got both."
        raise InvalidParameterError(msg)
    check_real("initial_cv", initial_cv, low=0, none_allowed=True)
    (counts,) = read_counts(n=n)
    k = counts.size
    start = initial_cv
    if initial_n is not None:
        counts, before = read_counts(n=n, initial_n=initial_n)
        start = variation(before / before.sum())
    share = counts / counts.sum()
    cv = variation(share)
    statistic = np.nan if start is None else concentration_score(cv, start, k)
    return make_result(
        "Concentration in grades",
        statistic_name="z",
        statistic=statistic,
        p_value=ndtr(-statistic),
        null="accounts are no more concentrated than at development",
        direction="greater",
        n=counts.sum(),
        unusable={
            "there is a single grade": k == 1,
            "no concentration at development is given": start is None,
        },
        details={
            "cv": cv,
            "initial_cv": np.nan if start is None else start,
            "hi": herfindahl_index(cv, k),
            "largest_share": share.max(),
        },
    )
