"""The partition of one feature as plain data, and how a column meets it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.lean_dataclass import dataclass
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["FeatureSpec", "SpecialGroup", "assign_column", "encode_column"]


@dataclass(frozen=True, slots=True)
class SpecialGroup:
    """Codes that stand for a reason instead of a value, and share one bin.

    Parameters
    ----------
    label : str
        What tables and reports call the group.

    codes : tuple of float or of str
        Numbers for a numeric feature, levels for a categorical one.
    """

    label: str
    codes: tuple[float, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """How the values of one feature fall into bins.

    The bins are, in this order: the regular ones (intervals, or groups of levels),
    one for each group of special codes, one for missing values, one for levels that
    were not there in training. Every table of WoE, log-odds or points has one entry
    for each of them.

    Parameters
    ----------
    name : str
        Column the feature is read from.

    kind : {"numeric", "categorical"}
        Whether the column holds numbers or levels.

    edges : tuple of float
        Increasing interior edges of a numeric feature; bins are closed on the right.

    levels : tuple of tuple of str
        Levels of each bin of a categorical feature.

    special : tuple of SpecialGroup
        Codes with bins of their own.

    refuse_unseen : bool
        Whether an unseen level is an error rather than a bin.

    Examples
    --------
    >>> from riskkit.artifact import FeatureSpec
    >>> FeatureSpec("income", "numeric", edges=(1000.0, 2500.0)).labels
    ('(-inf, 1000]', '(1000, 2500]', '(2500, inf)', 'Missing', 'Unseen')
    """

    name: str
    kind: Literal["numeric", "categorical"]
    edges: tuple[float, ...] = ()
    levels: tuple[tuple[str, ...], ...] = ()
    special: tuple[SpecialGroup, ...] = ()
    refuse_unseen: bool = False

    @property
    def n_regular(self) -> int:
        """Number of bins that are neither special, missing nor unseen."""
        return len(self.edges) + 1 if self.kind == "numeric" else len(self.levels)

    @property
    def n_bins(self) -> int:
        """Number of bins in all."""
        return self.n_regular + len(self.special) + 2

    @property
    def missing_bin(self) -> int:
        """Position of the bin of missing values."""
        return self.n_bins - 2

    @property
    def unseen_bin(self) -> int:
        """Position of the bin of unseen levels; never filled by a numeric feature."""
        return self.n_bins - 1

    @property
    def labels(self) -> tuple[str, ...]:
        """Text for each bin."""
        if self.kind == "numeric":
            cuts = ["-inf", *map(_short, self.edges), "inf"]
            closing = ["]"] * len(self.edges) + [")"]
            regular = [
                f"({low}, {high}{close}"
                for low, high, close in zip(cuts[:-1], cuts[1:], closing, strict=True)
            ]
        else:
            regular = [", ".join(group) for group in self.levels]
        special = [group.label for group in self.special]
        return (*regular, *special, "Missing", "Unseen")

    def level_bins(self) -> dict[str, int]:
        """Return the bin of every known level, special ones included."""
        bins = {lv: i for i, group in enumerate(self.levels) for lv in group}
        for i, special in enumerate(self.special):
            bins.update(dict.fromkeys(map(str, special.codes), self.n_regular + i))
        return bins

    def special_bins(self) -> dict[float, int]:
        """Return the bin of every special number."""
        return {
            float(code): self.n_regular + i
            for i, group in enumerate(self.special)
            for code in group.codes
        }


def assign_column(feature: FeatureSpec, column: Any) -> CodeArray:
    """Return the bin of each row of a raw column.

    Parameters
    ----------
    feature : FeatureSpec
        The partition.

    column : array or column of a frame
        Values of shape (n_rows,).

    Returns
    -------
    bins : ndarray of int of shape (n_rows,)
        Positions into :attr:`FeatureSpec.labels`.

    Raises
    ------
    InvalidTypeError
        If a numeric feature is given text, or a value is no number, text or missing.
    InvalidInputError
        If a level is unseen and the feature refuses such levels.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import FeatureSpec, assign_column
    >>> income = FeatureSpec("income", "numeric", edges=(1000.0, 2500.0))
    >>> assign_column(income, np.array([900.0, 1000.0, 1000.5, np.nan])).tolist()
    [0, 0, 1, 3]
    """
    import numpy as np

    from riskkit._core.frames import level_column, numeric_column
    from riskkit._kernels.bins import assign_numeric

    if feature.kind == "numeric":
        x = numeric_column(column, feature.name)
        codes = [group.codes for group in feature.special]
        return assign_numeric(x, np.asarray(feature.edges), codes)  # type: ignore[arg-type]
    coded = level_column(column, feature.name)
    known = feature.level_bins()
    place = [known.get(level, feature.unseen_bin) for level in coded.levels]
    # The last entry serves the code -1 of a missing value.
    table = np.array([*place, feature.missing_bin], dtype=np.intp)
    bins = table[coded.codes]
    if feature.refuse_unseen:
        n_unseen = int(np.count_nonzero(bins == feature.unseen_bin))
        if n_unseen:
            msg = (
                f"Feature {feature.name!r} accepts only the {len(known)} levels known "
                f"from training; {n_unseen} rows hold another. Map them to known "
                "levels, or train with another policy for unseen levels."
            )
            raise InvalidInputError(msg)
    return bins


def encode_column(
    feature: FeatureSpec, column: Any, values: FloatArray, out: FloatArray
) -> None:
    """Write the value of each row's bin.

    Parameters
    ----------
    feature : FeatureSpec
        The partition.

    column : array or column of a frame
        Values of shape (n_rows,).

    values : ndarray of shape (n_bins,)
        One value per bin, in the order of :attr:`FeatureSpec.labels`.

    out : ndarray of shape (n_rows,)
        Where to write.

    Raises
    ------
    InvalidTypeError, InvalidInputError
        As :func:`assign_column`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import FeatureSpec, encode_column
    >>> income = FeatureSpec("income", "numeric", edges=(1000.0,))
    >>> woe = np.empty(3)
    >>> table = np.array([-0.5, 0.5, 0.0, 0.0])
    >>> encode_column(income, np.array([900.0, 2000.0, np.nan]), table, woe)
    >>> woe.tolist()
    [-0.5, 0.5, 0.0]
    """
    import numpy as np

    from riskkit._core.frames import numeric_column
    from riskkit._kernels.bins import encode_numeric, take_values

    if feature.kind != "numeric":
        take_values(values, assign_column(feature, column), out=out)
        return
    x = numeric_column(column, feature.name)
    special = [group.codes for group in feature.special]
    encode_numeric(x, np.asarray(feature.edges), special, values, out)  # type: ignore[arg-type]


def _short(edge: float) -> str:
    """Return the shortest text that reads back as the same number."""
    if math.isfinite(edge) and edge == int(edge) and abs(edge) < 1e15:
        return str(int(edge))
    return repr(edge)
