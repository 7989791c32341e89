"""Why a rate of a funnel moved: other applicants, or the same ones faring otherwise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.metrics import MixRateResult, mix_rate_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from riskkit.typing import FloatArray

__all__ = ["FunnelChangeResult", "explain_change"]


@dataclass(frozen=True, slots=True)
class FunnelChangeResult:
    """What :meth:`FunnelResult.change_from` returns.

    Parameters
    ----------
    stage, of : str
        The rate is that of accounts at `of` that came to `stage`.

    groups : tuple of str
        The groups.

    counts : dict of str to tuple of float
        expected_n and expected_stage, actual_n and actual_stage: accounts of each
        group at either stage, before and now.

    effects : MixRateResult
        The change and its parts; see :func:`riskkit.metrics.mix_rate_effects`.

    Examples
    --------
    >>> from riskkit.decision import funnel
    >>> before = funnel({"ok": [1, 1, 1, 0]}, ["ok"], by=["a", "a", "b", "b"])
    >>> after = funnel({"ok": [1, 1, 0, 0]}, ["ok"], by=["a", "b", "b", "b"])
    >>> change = after.change_from(before, "ok")
    >>> change.effects.change, round(change.effects.mix_effect, 3)
    (-0.25, -0.125)
    """

    stage: str
    of: str
    groups: tuple[str, ...]
    counts: dict[str, tuple[float, ...]]
    effects: MixRateResult

    def frame(self) -> pd.DataFrame:
        """Return one row for each group.

        Returns
        -------
        frame : DataFrame
            Columns group, expected_share, actual_share, expected_rate, actual_rate,
            mix_effect, rate_effect, and effect, the sum of both.
        """
        import pandas as pd

        counts = {name: np.asarray(part) for name, part in self.counts.items()}
        n, new_n = counts["expected_n"], counts["actual_n"]
        mix, rate = np.asarray(self.effects.mix), np.asarray(self.effects.rate)
        return pd.DataFrame(
            {
                "group": self.groups,
                "expected_share": n / n.sum(),
                "actual_share": new_n / new_n.sum(),
                "expected_rate": _ratio(counts["expected_stage"], n),
                "actual_rate": _ratio(counts["actual_stage"], new_n),
                "mix_effect": mix,
                "rate_effect": rate,
                "effect": mix + rate,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def explain_change(
    stage: str,
    of: str,
    groups: Sequence[str],
    before: tuple[list[float], list[float]],
    after: tuple[list[float], list[float]],
) -> FunnelChangeResult:
    """Split the change of a rate; counts are those at `of` and at `stage`."""
    counts = {
        "expected_n": tuple(before[0]),
        "expected_stage": tuple(before[1]),
        "actual_n": tuple(after[0]),
        "actual_stage": tuple(after[1]),
    }
    effects = mix_rate_effects(before[1], before[0], after[1], after[0])
    return FunnelChangeResult(stage, of, tuple(groups), counts, effects)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
