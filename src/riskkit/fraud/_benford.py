"""Leading digits of the amounts of each broker, shop or officer against Benford's law.

Amounts that grow and range freely begin with the digits ``d`` with probability
``log10(1 + 1 / d)``. Invented amounts, and amounts kept below a limit, seldom do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import level_column, numeric_column
from riskkit._core.params import check_int, check_option, check_real
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import holm_adjust

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["BenfordResult", "benford_screen"]

# The bounds of nonconformity of M. Nigrini, "Benford's law", Wiley 2012, table 7.1.
_MAD_BOUNDS = {1: 0.015, 2: 0.0022}
# Amounts such as 0.29 may lie a rounding error below the digits they are written with.
_ROUNDING = 1e-12
_STATUSES = ("departs", "conforms", "not_evaluable")


@dataclass(frozen=True, eq=False, repr=False)
class BenfordResult:
    """Leading digits of the amounts of each entity.

    Made by :func:`benford_screen`.

    Parameters
    ----------
    digits : int
        How many leading digits were looked at.

    columns : dict of str to ndarray
        One entry an entity; see :meth:`frame`.

    counts : ndarray of shape (n_entities, n_leads)
        Amounts by leading digits.

    Examples
    --------
    >>> from riskkit.fraud import benford_screen
    >>> result = benford_screen([1.2, 3.4, 560.0], ["a", "a", "b"], digits=1)
    >>> result.digit_frame("a").head(3).round(3)
       lead  n  share  expected
    0     1  1    0.5     0.301
    1     2  0    0.0     0.176
    2     3  1    0.5     0.125
    """

    digits: int
    columns: dict[str, Any]
    counts: IntArray

    def frame(self) -> pd.DataFrame:
        """Return one row an entity, the strangest first.

        Returns
        -------
        frame : DataFrame
            ``entity``; ``n`` amounts above 0; ``span``, their 99th over their first
            percentile; ``mad``, the mean absolute deviation of the shares from the
            law; ``excess_mad``, what of it goes beyond chance; ``statistic`` and
            ``p_value`` of the chi-square test, ``p_adjusted`` for the number of
            entities (Holm); ``status`` and its ``reason``.
        """
        import pandas as pd

        found = pd.DataFrame(self.columns)
        rank = found["status"].map(_STATUSES.index)
        order = np.lexsort((-found["excess_mad"].fillna(0.0), rank))
        return found.iloc[order].reset_index(drop=True)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns of :meth:`frame` as lists, in the order of entities.

        Returns
        -------
        columns : dict of str to list
            Plain values; None where a number does not exist.
        """
        return {
            name: [None if _is_nan(value) else value for value in values.tolist()]
            for name, values in self.columns.items()
        }

    def digit_frame(self, entity: str) -> pd.DataFrame:
        """Return the leading digits of one entity beside the law.

        Parameters
        ----------
        entity : str
            As in :meth:`frame`.

        Returns
        -------
        frame : DataFrame
            ``lead``, ``n``, ``share`` and ``expected``.

        Raises
        ------
        InvalidParameterError
            If there is no such entity.
        """
        import pandas as pd

        names = self.columns["entity"].tolist()
        check_option("entity", entity, names)
        counts = self.counts[names.index(entity)]
        first = 10 ** (self.digits - 1)
        return pd.DataFrame(
            {
                "lead": np.arange(first, 10 * first),
                "n": counts,
                "share": counts / max(counts.sum(), 1),
                "expected": _law(self.digits),
            }
        )

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def benford_screen(
    amounts: Any,
    entity: Any,
    *,
    digits: int = 2,
    min_n: int = 300,
    min_span: float = 30.0,
    max_excess_mad: float | None = None,
    level: float = 0.05,
) -> BenfordResult:
    """Screen entities whose amounts do not begin as natural amounts do.

    Meant for what many amounts of one hand have in common: of a broker, a shop, an
    officer. It says nothing about a single amount, nor about loan sizes that are
    multiples of 500 or capped, which no honest hand makes Benford's either.

    Parameters
    ----------
    amounts : array-like of shape (n_samples,)
        Amounts of at least 0; 0 and missing ones have no leading digit.

    entity : array-like of shape (n_samples,)
        Whose amount it is. Amounts without one are left out.

    digits : {1, 2}, default=2
        How many leading digits to look at.

    min_n : int, default=300
        Fewest amounts of an entity; with fewer it is not evaluated.

    min_span : float, default=30.0
        Least ratio of the 99th to the first percentile of its amounts; amounts of one
        size do not follow the law.

    max_excess_mad : float or None, default=None
        How far the mean absolute deviation may go beyond chance. None takes Nigrini's
        bound of nonconformity, 0.015 for one digit and 0.0022 for two.

    level : float, default=0.05
        An entity departs if its adjusted p-value is at most this, and its deviation
        is too large as well: with many amounts everybody has a small p-value.

    Returns
    -------
    result : BenfordResult
        One row an entity.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.
    InvalidInputError
        If the lengths differ, or an amount is negative or infinite.
    InvalidTypeError
        If an amount is no number.

    Notes
    -----
    For ``n`` amounts, shares ``s_d`` and ``p_d = log10(1 + 1 / d)``::

        mad        = mean |s_d - p_d|
        excess_mad = mad - mean sqrt(2 p_d (1 - p_d) / (pi n))
        statistic  = n sum (s_d - p_d)^2 / p_d

    The second term of the excess is the deviation that chance alone makes of ``n``
    amounts; without it every entity of few amounts would look invented.

    References
    ----------
    .. [1] M. Nigrini, "Benford's law", Wiley 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.fraud import benford_screen
    >>> rng = np.random.default_rng(0)
    >>> natural = 10 ** rng.uniform(1, 4, 2000)
    >>> invented = rng.uniform(10, 10_000, 2000)
    >>> amounts, who = np.append(natural, invented), np.repeat(["a", "b"], 2000)
    >>> benford_screen(amounts, who).frame()[["entity", "status"]]
      entity    status
    0      b   departs
    1      a  conforms
    """
    if digits not in _MAD_BOUNDS:
        msg = f"digits must be one of {tuple(_MAD_BOUNDS)}; got {digits!r}."
        raise InvalidParameterError(msg)
    check_int("min_n", min_n, low=1)
    check_real("min_span", min_span, low=1.0)
    check_real("max_excess_mad", max_excess_mad, low=0.0, none_allowed=True)
    check_real("level", level, low=0.0, high=1.0)
    values, codes, names = _read(amounts, entity)

    n_entities, law = len(names), _law(digits)
    leads = _leads(values, digits)
    counts = np.bincount(codes * law.size + leads, minlength=n_entities * law.size)
    counts = counts.reshape(n_entities, law.size)
    n = counts.sum(axis=1)
    share = counts / np.maximum(n, 1)[:, None]
    mad = np.abs(share - law).mean(axis=1)
    by_chance = np.sqrt(2 * law * (1 - law) / np.pi).mean() / np.sqrt(np.maximum(n, 1))
    statistic = n * ((share - law) ** 2 / law).sum(axis=1)
    span = _spans(values, codes, n_entities)

    few, narrow = n < min_n, ~(span >= min_span)
    sound = ~few & ~narrow
    p_value, p_adjusted = _p_values(statistic, sound, law.size - 1)
    bound = _MAD_BOUNDS[digits] if max_excess_mad is None else max_excess_mad
    departs = sound & (mad - by_chance > bound) & (p_adjusted <= level)
    status = np.where(departs, "departs", np.where(sound, "conforms", "not_evaluable"))
    reason = np.where(
        few,
        f"fewer than {min_n} amounts",
        np.where(narrow, f"amounts span less than {min_span:g} times", ""),
    )
    found = {
        "entity": np.array(names, dtype=object),
        "n": n,
        "span": span,
        "mad": mad,
        "excess_mad": mad - by_chance,
        "statistic": statistic,
        "p_value": p_value,
        "p_adjusted": p_adjusted,
        "status": status.astype(object),
        "reason": reason.astype(object),
    }
    for name in ("mad", "excess_mad", "statistic"):
        found[name] = np.where(sound, found[name], np.nan)
    return BenfordResult(digits, found, counts)


def _law(digits: int) -> FloatArray:
    first = 10 ** (digits - 1)
    law: FloatArray = np.log10(1.0 + 1.0 / np.arange(first, 10 * first))
    return law


def _read(amounts: Any, entity: Any) -> tuple[FloatArray, IntArray, tuple[str, ...]]:
    """Return amounts above 0 and whose they are; every entity is named."""
    values = numeric_column(amounts, "amounts")
    levels = level_column(np.asarray(entity), "entity")
    if values.shape != levels.codes.shape or values.ndim != 1:
        msg = (
            "amounts and entity must be columns of one length; got shapes "
            f"{values.shape} and {levels.codes.shape}."
        )
        raise InvalidInputError(msg)
    n_bad = int(np.count_nonzero((values < 0) | np.isinf(values)))
    if n_bad:
        msg = (
            f"amounts must be finite and at least 0; {n_bad} of {values.size} are "
            "not. Screen refunds apart from payments, by their sizes."
        )
        raise InvalidInputError(msg)
    kept: BoolArray = (values > 0) & (levels.codes >= 0)
    return values[kept], levels.codes[kept], levels.levels


def _leads(values: FloatArray, digits: int) -> IntArray:
    """Return the leading digits, counted from the smallest (1 or 10) on."""
    first = 10 ** (digits - 1)
    exponent = np.floor(np.log10(values))
    lead = np.floor(values / 10.0**exponent * first * (1 + _ROUNDING))
    # A power of ten may seem to lie on either side of itself.
    lead = np.where(lead >= 10 * first, first, np.maximum(lead, first))
    return np.asarray(lead - first, dtype=np.intp)


def _spans(values: FloatArray, codes: IntArray, n_entities: int) -> FloatArray:
    """Return the 99th over the first percentile of each entity, NaN without amounts."""
    found = np.full(n_entities, np.nan)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    for part in np.split(order, starts[1:]) if order.size else ():
        low, high = np.quantile(values[part], [0.01, 0.99])
        found[codes[part[0]]] = high / low
    return found


def _p_values(
    statistic: FloatArray, sound: BoolArray, freedom: int
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import chdtrc

    p_value = np.full(statistic.size, np.nan)
    adjusted = p_value.copy()
    p_value[sound] = chdtrc(freedom, statistic[sound])
    if sound.any():
        adjusted[sound] = holm_adjust(p_value[sound])
    return p_value, adjusted


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
