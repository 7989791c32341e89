"""What a comparison of two models says."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ChampionChallengerResult"]


@dataclass(frozen=True, slots=True, repr=False)
class ChampionChallengerResult:
    """What :func:`champion_challenger` returns.

    Parameters
    ----------
    verdict : str
        ``"challenger"`` or ``"champion"``: better, and no chance; ``"mixed"``: the
        challenger is better by the deciding measure and worse by another, overall or
        in a group; ``"unclear"``: the difference may be chance or is too small;
        ``"not_evaluable"``.

    reason : str
        The verdict in a sentence.

    concerns : tuple of str
        Where the challenger is worse, and no chance.

    measure : str
        The measure that decides.

    columns : dict of str to tuple
        One entry for each group and measure; see :meth:`frame`.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import champion_challenger
    >>> rng = np.random.default_rng(0)
    >>> pd = rng.beta(1, 9, 4_000)
    >>> y = rng.random(4_000) < pd
    >>> blurred = 0.5 * pd + 0.05
    >>> result = champion_challenger(y, blurred, pd, random_state=0)
    >>> result.verdict
    'challenger'
    >>> result.frame()["measure"].tolist()
    ['auc', 'log_loss', 'brier']
    """

    verdict: str
    reason: str
    concerns: tuple[str, ...]
    measure: str
    columns: dict[str, tuple[Any, ...]]
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each group and measure.

        Returns
        -------
        frame : DataFrame
            Columns scope ("all", or the name of a cut), group, measure, n, n_event;
            champion and challenger (their values); improvement (of the challenger,
            positive is better whatever the measure) with its interval; p_value of no
            difference, p_adjusted for the number of groups (Holm); better
            ("challenger", "champion", "unclear" or "not_evaluable"), and reason where
            it is the last.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def __repr__(self) -> str:
        return f"<ChampionChallengerResult {self.verdict}: {self.reason}>"

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{html.escape(text)}</li>" for text in self.concerns)
        return (
            f"<p><b>{html.escape(self.verdict)}</b>: {html.escape(self.reason)}</p>"
            + (f"<ul>{said}</ul>" if said else "")
            + str(self.frame().to_html(index=False, na_rep=""))
        )
