"""A feature set to one value after another, and what a model says of it.

Any classifier with ``predict_proba`` will do. Values that stand for a reason (special
codes) and missing values are states of their own: they have no place on the axis of a
number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame
from riskkit._core.params import check_int, check_option, did_you_mean
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["SCALES", "FeatureEffect", "Probe", "effect_frame"]

SCALES = ("pd", "log_odds")
_MISSING = "Missing"
_MOST_LEVELS = 30
# A PD of 0 or 1 is drawn as log-odds of 36.
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class FeatureEffect:
    """The effect of a feature by value, and of its states, with a band around each.

    `grid` holds numbers in order, or levels; `states` are special codes and missing.
    """

    feature: str
    is_numeric: bool
    grid: tuple[Any, ...]
    effect: FloatArray
    low: FloatArray
    high: FloatArray
    share: FloatArray
    states: tuple[str, ...]
    state_effect: FloatArray
    state_low: FloatArray
    state_high: FloatArray
    state_share: FloatArray
    rug: FloatArray


class Probe:
    """Rows of a table in which one column can be overwritten, and a model."""

    def __init__(
        self,
        estimator: Any,
        X: Any,
        feature: str | int,
        *,
        scale: str,
        special_codes: Any,
        max_rows: int,
        random_state: Any,
    ) -> None:
        from sklearn.utils import check_random_state

        check_option("scale", scale, SCALES)
        check_int("max_rows", max_rows, low=10)
        if not hasattr(estimator, "predict_proba"):
            msg = (
                "estimator must be a fitted classifier with predict_proba; got "
                f"{type(estimator).__name__}."
            )
            raise InvalidTypeError(msg)
        self._model, self._scale = estimator, scale
        self._is_array = not is_frame(X)
        frame = _to_pandas(X)
        name = _find(feature, frame)
        if len(frame) > max_rows:
            rng = check_random_state(random_state)
            chosen = np.sort(rng.permutation(len(frame))[:max_rows])
            frame = frame.iloc[chosen].reset_index(drop=True)
        self.frame, self.name = frame, name
        column = frame[name]
        self.is_numeric = Table.read(frame[[name]]).kind(name) == "numeric"
        self.missing: BoolArray = column.isna().to_numpy(dtype=bool)
        groups = _special_groups(special_codes, estimator, name)
        self.states: dict[str, tuple[Any, BoolArray]] = {}
        for codes in groups:
            inside = column.isin(codes).to_numpy(dtype=bool)
            if inside.any():
                present = [c for c in codes if (column == c).any()]
                label = "Special: " + ", ".join(map(_text, codes))
                self.states[label] = (present[0], inside)
        if self.missing.any():
            self.states[_MISSING] = (None, self.missing)
        known = ~self.missing
        for _, inside in self.states.values():
            known = known & ~inside
        if not known.any():
            msg = (
                f"Column {name!r} must hold some values that are neither missing nor "
                f"special codes; got none in {len(frame)} rows."
            )
            raise InvalidInputError(msg)
        self.known: BoolArray = known

    @property
    def n_rows(self) -> int:
        """Number of rows looked at."""
        return len(self.frame)

    def numbers(self) -> FloatArray:
        """Return the known values of a numeric feature."""
        return np.asarray(self.frame[self.name][self.known], dtype=np.float64)

    def levels(self) -> tuple[list[Any], IntArray]:
        """Return the known levels, the most frequent first, and each row's level.

        Levels beyond the number that can be drawn are left out: -1.
        """
        counts = self.frame[self.name][self.known].value_counts()
        found = [level for level, n in counts.items() if n > 0][:_MOST_LEVELS]
        place = {level: k for k, level in enumerate(found)}
        codes = np.full(self.n_rows, -1, dtype=np.intp)
        seen = self.frame[self.name][self.known].astype(object).map(place)
        codes[self.known] = seen.fillna(-1).to_numpy(dtype=np.intp)
        return found, codes

    def output(self, value: Any = ..., rows: BoolArray | None = None) -> FloatArray:
        """Return what the model says of rows, with the feature set to `value`.

        One value for all rows, an array of one for each, or ``...`` to leave it.
        """
        frame = self.frame if rows is None else self.frame[rows]
        if value is not ...:
            frame = frame.assign(**{self.name: _filled(frame[self.name], value)})
        X: Any = frame.to_numpy() if self._is_array else frame
        pd = np.asarray(self._model.predict_proba(X), dtype=np.float64)[:, 1]
        if self._scale == "pd":
            return pd
        pd = np.clip(pd, _EPSILON, 1.0 - _EPSILON)
        return np.asarray(np.log(pd) - np.log1p(-pd))


def effect_frame(effect: FeatureEffect) -> pd.DataFrame:
    """Return the plotted numbers, one row a value or state."""
    import pandas as pd

    n, m = len(effect.grid), len(effect.states)
    return pd.DataFrame(
        {
            "value": [*effect.grid, *effect.states],
            "is_state": [False] * n + [True] * m,
            "effect": np.concatenate([effect.effect, effect.state_effect]),
            "low": np.concatenate([effect.low, effect.state_low]),
            "high": np.concatenate([effect.high, effect.state_high]),
            "share": np.concatenate([effect.share, effect.state_share]),
        }
    )


def _to_pandas(X: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X.reset_index(drop=True)
    if is_frame(X):
        import narwhals as nw

        frame: pd.DataFrame = nw.from_native(X, eager_only=True).to_pandas()
        return frame
    values = np.asarray(X)
    if values.ndim != 2:
        msg = f"X must be a table of rows and columns; got shape {values.shape}."
        raise InvalidInputError(msg)
    return pd.DataFrame(values, columns=[f"x{j}" for j in range(values.shape[1])])


def _find(feature: str | int, frame: pd.DataFrame) -> str:
    names = [str(name) for name in frame.columns]
    if isinstance(feature, int) and not isinstance(feature, bool):
        if 0 <= feature < len(names):
            return names[feature]
    elif feature in names:
        return str(feature)
    hint = did_you_mean(feature, names)
    msg = (
        f"feature must name one of the {len(names)} columns of X; got "
        f"{feature!r}.{hint}"
    )
    raise InvalidInputError(msg)


def _special_groups(given: Any, estimator: Any, name: str) -> list[tuple[Any, ...]]:
    """Return groups of codes of one feature, by default those of the model."""
    if given is None:
        given = getattr(estimator, "special_codes", None)
    if isinstance(given, Mapping):
        given = given.get(name)
    if given is None:
        return []
    if isinstance(given, Mapping):
        given = list(given.values())
    members = given.tolist() if hasattr(given, "tolist") else given
    if isinstance(members, str) or not isinstance(members, Sequence | set | frozenset):
        msg = (
            "special_codes must be a sequence of codes or a mapping from feature to "
            f"codes; got {type(given).__name__}."
        )
        raise InvalidInputError(msg)
    return [tuple(m) if isinstance(m, list | tuple) else (m,) for m in members]


def _filled(column: Any, value: Any) -> Any:
    """Return a column of one value, or of given values, in the type of `column`."""
    import pandas as pd

    n = len(column)
    if isinstance(value, np.ndarray):
        return pd.Series(value, index=column.index)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(
            pd.Categorical([value] * n, dtype=column.dtype), index=column.index
        )
    if pd.api.types.is_numeric_dtype(column.dtype):
        number = np.nan if value is None else float(value)
        filled = pd.Series(np.full(n, number), index=column.index)
        # Whole numbers stay whole where the column's are.
        whole = column.dtype != bool and number.is_integer()
        return filled.astype(column.dtype) if whole else filled
    return pd.Series([value] * n, index=column.index, dtype=column.dtype)


def _text(code: Any) -> str:
    is_number = isinstance(code, int | float | np.number)
    return f"{code:g}" if is_number and not isinstance(code, bool) else str(code)
