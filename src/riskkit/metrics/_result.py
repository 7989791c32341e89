"""What every test of the package returns."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from riskkit._core.params import check_bool, check_real
from riskkit._kernels.multiplicity import holm
from riskkit.exceptions import InvalidParameterError
from riskkit.typing import FloatArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["Direction", "TestResult", "Values", "as_values", "make_result"]

Values = float | FloatArray
Words = str | NDArray[np.str_]
Direction = Literal["greater", "less", "two-sided"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TestResult:
    """What a statistical test says, for one comparison or for many at once.

    Numbers are floats if the test was asked one question, and arrays with one entry
    for each question (grade, month, pair of grades) if it was asked many.

    Parameters
    ----------
    name : str
        The test.

    statistic_name : str
        What `statistic` is.

    statistic, p_value : float or ndarray
        The p-value is NaN exactly where `status` is ``"not_evaluable"``.

    null : str
        The hypothesis that a small p-value speaks against.

    direction : {"greater", "less", "two-sided"}
        Which departures make the p-value small.

    n : float or ndarray
        Accounts, or periods, that were tested; sums of weights.

    status : str or ndarray of str
        ``"ok"`` or ``"not_evaluable"``.

    reason : str or ndarray of str
        Why a test could not be evaluated; empty where it could.

    details : dict of str to (float or ndarray)
        Whatever else was computed on the way, such as effect sizes.

    axes : tuple of str
        What the dimensions of the arrays are; empty for a single question.

    See Also
    --------
    holm_adjust : p-values of many questions.

    Notes
    -----
    A p-value says how surprising the data are, not how large the difference is. With
    many accounts a negligible difference has a tiny p-value; with few, a grave one has
    a large p-value. Judge by the effect sizes in `details` as well.

    Examples
    --------
    >>> from riskkit.metrics import jeffreys_test
    >>> result = jeffreys_test([1, 8, 0], [500, 500, 0], 0.01)
    >>> result.frame()[["group", "statistic", "p_value", "n", "status"]].round(3)
       group  statistic  p_value      n         status
    0      1      0.002    0.982  500.0             ok
    1      2      0.016    0.095  500.0             ok
    2      3        NaN      NaN    0.0  not_evaluable
    >>> result.lights(amber=0.10, red=0.01).tolist()
    ['green', 'amber', 'not_evaluable']
    """

    __test__: ClassVar[bool] = False  # not a test of pytest's, whatever its name

    name: str
    statistic_name: str
    statistic: Values
    p_value: Values
    null: str
    direction: Direction
    n: Values
    status: Words
    reason: Words
    details: dict[str, Values] = field(default_factory=dict)
    axes: tuple[str, ...] = ()

    def lights(
        self, *, amber: float = 0.05, red: float = 0.01, holm_adjusted: bool = False
    ) -> Words:
        """Turn p-values into words.

        Parameters
        ----------
        amber, red : float, default=0.05 and 0.01
            Below these a p-value is amber, and red. They are policy, not statistics.

        holm_adjusted : bool, default=False
            Whether p-values of many questions are first adjusted, so that the chance
            of any false light stays below the limit. Otherwise about ``amber`` times
            the number of questions light up by chance alone.

        Returns
        -------
        lights : str or ndarray of str
            ``"green"``, ``"amber"``, ``"red"`` or ``"not_evaluable"``.

        Raises
        ------
        InvalidParameterError
            If the limits are not ``0 < red <= amber <= 1``.
        """
        check_real("red", red, low=0, high=1)
        check_real("amber", amber, low=0, high=1)
        check_bool("holm_adjusted", holm_adjusted)
        if not 0 < red <= amber:
            msg = (
                f"red must lie above 0 and at most at amber; got {red:g} and {amber:g}."
                " Both are p-values, and the smaller one is red."
            )
            raise InvalidParameterError(msg)
        p = np.asarray(self.p_value)
        if holm_adjusted:
            p = holm(p)
        words = np.select(
            [np.isnan(p), p < red, p < amber],
            ["not_evaluable", "red", "amber"],
            "green",
        )
        return words if self.axes else str(words)

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a question; questions are numbered from 1."""
        import pandas as pd

        shape = np.shape(self.statistic)
        places = {
            axis: (index + 1).ravel()
            for axis, index in zip(self.axes, np.indices(shape), strict=True)
        }
        rest = {
            "statistic": self.statistic,
            "p_value": self.p_value,
            "n": self.n,
            "status": self.status,
            "reason": self.reason,
            **self.details,
        }
        columns = {key: np.broadcast_to(v, shape).ravel() for key, v in rest.items()}
        return pd.DataFrame({**places, **columns})

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "name": self.name,
            "statistic_name": self.statistic_name,
            "statistic": _plain(self.statistic),
            "p_value": _plain(self.p_value),
            "null": self.null,
            "direction": self.direction,
            "n": _plain(self.n),
            "status": np.asarray(self.status).tolist(),
            "reason": np.asarray(self.reason).tolist(),
            "details": {key: _plain(v) for key, v in self.details.items()},
            "axes": list(self.axes),
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TestResult):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __repr__(self) -> str:
        if self.axes:
            words = np.asarray(self.status)
            shape = " x ".join(map(str, words.shape))
            known = int(np.count_nonzero(words == "ok"))
            return f"<TestResult {self.name}: {shape} questions, {known} evaluated>"
        if self.status != "ok":
            return f"<TestResult {self.name}: not evaluable, {self.reason}>"
        return (
            f"<TestResult {self.name}: {self.statistic_name} {self.statistic:.6g}, "
            f"p-value {self.p_value:.6g}>"
        )

    def _repr_html_(self) -> str:
        caption = html.escape(f"{self.name}. H0: {self.null}.")
        table = self.frame().to_html(index=False)
        return f"<p>{caption}</p>{table}"


def make_result(
    name: str,
    *,
    statistic_name: str,
    statistic: Any,
    p_value: Any,
    null: str,
    direction: Direction,
    n: Any,
    unusable: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    axes: tuple[str, ...] = ("group",),
) -> TestResult:
    """Build a result; `unusable` tells where the test has no answer, and why.

    Of several reasons the first one counts. Arrays without dimensions become floats,
    and their result has no axes.
    """
    shape = np.shape(statistic)
    reason = np.full(shape, "", dtype=object)
    for why, where in (unusable or {}).items():
        reason[(reason == "") & np.broadcast_to(where, shape)] = why
    is_open = reason != ""
    p = np.where(is_open, np.nan, np.broadcast_to(p_value, shape))
    status = np.where(is_open, "not_evaluable", "ok")
    return TestResult(
        name=name,
        statistic_name=statistic_name,
        statistic=as_values(statistic),
        p_value=as_values(p),
        null=null,
        direction=direction,
        n=as_values(n),
        status=status if shape else str(status),
        reason=np.array(reason.tolist(), dtype=np.str_) if shape else str(reason[()]),
        details={key: as_values(value) for key, value in (details or {}).items()},
        axes=axes if shape else (),
    )


def as_values(value: Any) -> Values:
    """Return a float, or an array that cannot be written to."""
    array = np.array(value, dtype=np.float64)
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def _plain(value: Values) -> Any:
    plain = np.asarray(value, dtype=object).copy()
    plain[~np.isfinite(value)] = None
    return plain.tolist()
