"""What a stability monitor says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option
from riskkit.monitoring._periods import find_gaps
from riskkit.monitoring._warning_stability import stability_measurements

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from riskkit.monitoring._partition import Partition
    from riskkit.monitoring._warning_measurement import Measurement
    from riskkit.typing import FloatArray

__all__ = ["StabilityResult"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StabilityResult:
    """Later populations beside the reference, by period, feature and bin.

    Made by :class:`StabilityMonitor`.

    Parameters
    ----------
    periods : tuple of str
        The periods, in the order of their labels.

    names, kinds : tuple of str
        The features, and whether each is ``"numeric"``, ``"categorical"`` or the
        ``"score"``, which stands last.

    by_feature : dict of str to ndarray of shape (n_periods, n_features)
        The columns of :meth:`frame`.

    by_bin : dict of str to ndarray of shape (n_periods, n_bins)
        The columns of :meth:`bins`, all features one after the other.

    by_period : dict of str to ndarray of shape (n_periods,)
        The columns of :meth:`summary`.

    partition : Partition
        The bins.

    Notes
    -----
    The columns of :meth:`frame`:

    ``psi``, ``bias``, ``p_value``, ``band``
        The index, what chance alone gives on average, the chance of one so large if
        nothing moved, and the light of its size (see the limits of the monitor). Read
        size and p-value together.
    ``points_effect``
        What the shift does to the mean points; negative is riskier. NaN of a feature
        without points.
    ``missing``, ``special``, ``unseen``
        Shares of the accounts in those bins, and ``..._expected`` in the reference.
    ``event_rate``, ``mix_effect``, ``rate_effect``
        Of accounts with a known outcome; the effects add up to the change of the event
        rate: other bins, and other event rates within the bins.
    ``status``, ``reason``
        ``"ok"``, or ``"not_evaluable"`` and why.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline, StabilityMonitor
    >>> monitor = StabilityMonitor(Baseline.fit({"age": np.arange(1000) % 50}))
    >>> result = monitor.compare({"age": np.arange(500) % 40})
    >>> result.frame()[["feature", "psi", "band", "missing"]].round(3)
      feature    psi band  missing
    0     age  0.959  red      0.0
    """

    periods: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    by_feature: dict[str, NDArray[Any]]
    by_bin: dict[str, FloatArray]
    by_period: dict[str, FloatArray]
    partition: Partition

    @property
    def gaps(self) -> tuple[str, ...]:
        """Months, quarters or years between the first and the last that are absent."""
        return find_gaps(self.periods)

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a period and feature."""
        import pandas as pd

        n = len(self.names)
        columns = {
            "period": np.repeat(_texts(self.periods), n),
            "feature": np.tile(_texts(self.names), len(self.periods)),
            "kind": np.tile(_texts(self.kinds), len(self.periods)),
        }
        rest = {name: values.ravel() for name, values in self.by_feature.items()}
        return pd.DataFrame({**columns, **rest})

    def bins(self) -> pd.DataFrame:
        """Return a table, one row a period and bin."""
        import pandas as pd

        widths = self.partition.widths
        labels = [b for item in self.partition.binned for b in item.feature.labels]
        n_periods = len(self.periods)
        columns = {
            "period": np.repeat(_texts(self.periods), len(labels)),
            "feature": np.tile(np.repeat(_texts(self.names), widths), n_periods),
            "kind": np.tile(np.repeat(_texts(self.kinds), widths), n_periods),
            "bin": np.tile(_texts(labels), n_periods),
        }
        rest = {name: values.ravel() for name, values in self.by_bin.items()}
        return pd.DataFrame({**columns, **rest})

    def summary(self) -> pd.DataFrame:
        """Return a table, one row a period."""
        import pandas as pd

        return pd.DataFrame({"period": list(self.periods), **self.by_period})

    def measurements(self, period: str | None = None) -> tuple[Measurement, ...]:
        """Return what a warning can be raised on, of a single period.

        Parameters
        ----------
        period : str, default=None
            The period; the youngest one by default.

        Returns
        -------
        measurements : tuple of Measurement
            PSI of the score, CSI of the features, the change of the share of missing
            values, and the share of unseen levels. None if nothing was counted.

        Raises
        ------
        InvalidParameterError
            If there is no such period.
        """
        if not self.periods:
            return ()
        chosen = self.periods[-1] if period is None else period
        check_option("period", chosen, self.periods)
        at = self.periods.index(chosen)
        row = {name: values[at].tolist() for name, values in self.by_feature.items()}
        return stability_measurements(self.names, self.kinds, row)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "periods": list(self.periods),
            "gaps": list(self.gaps),
            "summary": _columns(self.summary()),
            "features": _columns(self.frame()),
            "bins": _columns(self.bins()),
        }

    def __repr__(self) -> str:
        return (
            f"<StabilityResult of {len(self.periods)} periods and "
            f"{len(self.names)} features>"
        )

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(index=False))


def _texts(values: Any) -> NDArray[Any]:
    return np.array(list(values), dtype=object)


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    plain = {}
    for name in frame.columns:
        values = frame[name].tolist()
        plain[str(name)] = [
            None if isinstance(v, float) and not np.isfinite(v) else v for v in values
        ]
    return plain
