"""How much each feature matters to a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ImportanceResult"]


@dataclass(frozen=True, slots=True)
class ImportanceResult:
    """What :func:`importance` returns.

    Parameters
    ----------
    kind : {"contribution", "permutation"}
        What was measured.

    columns : dict of str to tuple
        One entry for each feature, the most important first; see :meth:`frame`.

    level : float
        Level of the intervals.

    n_rows : int
        Accounts looked at.

    Examples
    --------
    >>> from riskkit.boosting import LGBMPDClassifier
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.explain import importance
    >>> book = make_loan_book(1_500, default_rate=0.2, random_state=0)
    >>> model = LGBMPDClassifier(n_rounds=40).fit(book.data, book.target)
    >>> result = importance(model, book.data)
    >>> list(result.frame())
    ['feature', 'importance', 'low', 'high', 'share']
    """

    kind: str
    columns: dict[str, tuple[Any, ...]]
    level: float
    n_rows: int

    def frame(self) -> pd.DataFrame:
        """Return one row for each feature, the most important first.

        Returns
        -------
        frame : DataFrame
            Columns feature, importance with its interval low to high, and share: of
            the sum of all importances above 0.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))
