"""A fitted detector of unusual rows as plain data; a single one is a member alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._same_arrays import WithArrays

if TYPE_CHECKING:
    from riskkit.artifact._detector_state import StateSpec
    from riskkit.typing import FloatArray

__all__ = [
    "DetectorFieldSpec",
    "DetectorMemberSpec",
    "DetectorSpec",
    "LogScaleSpec",
    "UnitColumnSpec",
    "field_codes",
]

UNSEEN = -1.0  # the code of a level that training did not keep


@dataclass(frozen=True, slots=True)
class DetectorFieldSpec:
    """A field by name: numbers, or levels with the codes 0, 1, ....

    Parameters
    ----------
    name : str
        Name of the field.

    levels : tuple of str or None
        The levels that training kept, None for numbers.
    """

    name: str
    levels: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class UnitColumnSpec(WithArrays):
    """One column of comparable numbers.

    Parameters
    ----------
    field : int
        Position of the field that it reads.

    kind : {"value", "missing", "rarity"}
        Whether it is the field's value, says that it is missing, or is the rarity of
        its level.

    fill : float
        What stands for a missing value.

    centre, scale : float
        The unit: ``(raw - centre) / scale``.

    rarity : ndarray of float or None
        Rarity of each level, of an unseen one and of a missing one, in nats.
    """

    field: int
    kind: Literal["value", "missing", "rarity"]
    fill: float
    centre: float
    scale: float
    rarity: FloatArray | None


@dataclass(frozen=True, slots=True)
class LogScaleSpec:
    """The scale on which members are compared: a standardised log.

    Parameters
    ----------
    low, add, mean, spread : float
        ``(log(max(score - low, 0) + add) - mean) / spread``.
    """

    low: float
    add: float
    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class DetectorMemberSpec:
    """A detector, in an ensemble or alone.

    Parameters
    ----------
    name : str
        What it is called.

    units : int
        Position in ``DetectorSpec.units`` of the units it sees rows in.

    scale : LogScaleSpec or None
        Its scale, None for a detector alone.

    state : state spec or None
        What it knows; None where nothing varied in training, so that every row has the
        score 0.
    """

    name: str
    units: int
    scale: LogScaleSpec | None
    state: StateSpec | None


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """A detector of unusual rows, or several on one scale.

    Parameters
    ----------
    fields : tuple of DetectorFieldSpec
        What a record must have.

    units : tuple of tuple of UnitColumnSpec
        Ways to read rows as comparable numbers, each a tuple of columns.

    members : tuple of DetectorMemberSpec
        The detectors, in the order in which they are added.

    combine : {"mean", "top_two", "max"} or None
        How members with scales make one score; None for a single detector.

    threshold : float
        A row is an outlier if its anomaly score is above.

    See Also
    --------
    riskkit.export.save_artifact : Saves a fitted detector.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import (
    ...     DetectorFieldSpec, DetectorMemberSpec, DetectorSpec, MahalanobisStateSpec,
    ...     UnitColumnSpec)
    >>> column = UnitColumnSpec(0, "value", 0.0, 50.0, 10.0, None)
    >>> state = MahalanobisStateSpec(np.zeros(1), np.ones((1, 1)))
    >>> member = DetectorMemberSpec("detector", 0, None, state)
    >>> fields = (DetectorFieldSpec("amount", None),)
    >>> DetectorSpec(fields, ((column,),), (member,), None, 9.0).kinds
    {'amount': 'numeric'}
    """

    fields: tuple[DetectorFieldSpec, ...]
    units: tuple[tuple[UnitColumnSpec, ...], ...]
    members: tuple[DetectorMemberSpec, ...]
    combine: Literal["mean", "top_two", "max"] | None
    threshold: float

    @property
    def kinds(self) -> dict[str, Literal["numeric", "categorical"]]:
        """Kind of each field, by name."""
        return {
            field.name: "numeric" if field.levels is None else "categorical"
            for field in self.fields
        }


def field_codes(field: DetectorFieldSpec, column: Any) -> FloatArray:
    """Read a raw column: numbers as they are, levels as codes, NaN where missing.

    Parameters
    ----------
    field : DetectorFieldSpec
        The field.

    column : array or series
        Its values.

    Returns
    -------
    codes : ndarray of float
        A level that is not among those of the field has a negative code.

    Raises
    ------
    InvalidTypeError, InvalidInputError
        If the column holds what it cannot hold.

    Examples
    --------
    >>> from riskkit.artifact import DetectorFieldSpec, field_codes
    >>> field = DetectorFieldSpec("channel", ("branch", "web"))
    >>> field_codes(field, ["web", "fax", None])
    array([ 1., -1., nan])
    """
    import numpy as np

    from riskkit._core.frames import level_column, numeric_column

    if field.levels is None:
        return numeric_column(column, field.name)
    coded = level_column(column, field.name)
    place = {level: float(code) for code, level in enumerate(field.levels)}
    # The last entry serves the code -1 of a missing value.
    table = np.array([place.get(level, UNSEEN) for level in coded.levels] + [np.nan])
    return np.asarray(table[coded.codes])
