"""How much is granted, and at what price: caps by score and income."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table
from riskkit._core.notebook import facts_html, rows_html
from riskkit._core.params import did_you_mean
from riskkit.artifact import (
    LIMITED_BY,
    LimitSpec,
    grant_record,
    grant_rows,
    read_limits,
)
from riskkit.decision._strategy_fields import require_fields
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.artifact import RowGrants
    from riskkit.typing import FloatArray

__all__ = ["Grant", "LimitPolicy", "LimitResult", "limit_result"]

_KEYS = (
    "bands", "by", "best", "income", "exposure", "requested", "round_to", "minimum",
    "unknown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """What one record is granted: the limit, what holds it down, and the price."""

    limit: float
    limited_by: str
    price: float | None
    band: str | None


@dataclass(frozen=True, eq=False)
class LimitResult:
    """What :meth:`LimitPolicy.apply` returns; arrays with one entry for each row.

    Parameters
    ----------
    limit : ndarray of float
        Amount that is granted.

    limited_by : ndarray of str
        What holds it down: the band, the income, the exposure, what was requested,
        the minimum (then nothing is granted), or a value that is unknown.

    price : ndarray of float
        Price of the band; NaN where there is none.

    band : ndarray of str
        Name of the band; empty where the score is unknown.

    Examples
    --------
    >>> from riskkit.decision import LimitPolicy
    >>> policy = LimitPolicy([{"limit": 500}])
    >>> policy.apply({"points": [600, None]}).limit.tolist()
    [500.0, 0.0]
    """

    limit: FloatArray
    limited_by: Any
    price: FloatArray
    band: Any

    def frame(self) -> pd.DataFrame:
        """Return one row for each row of the table."""
        import pandas as pd

        return pd.DataFrame(
            {
                "limit": self.limit,
                "limited_by": self.limited_by,
                "price": self.price,
                "band": self.band,
            }
        )

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns as plain lists."""
        return {
            "limit": self.limit.tolist(),
            "limited_by": self.limited_by.tolist(),
            "price": self.price.tolist(),
            "band": self.band.tolist(),
        }

    def _repr_html_(self) -> str:
        head = self.frame().head(10)
        rows = head.itertuples(index=False)
        n = len(self.limit)
        return rows_html(f"{n:,} limits", list(map(str, head)), rows, n_rows=n)


class LimitPolicy:
    """Limits and prices by a score or a grade, capped by income and exposure.

    The limit of an account is the least of: the `limit` of its band; `income_multiple`
    times the income, less what is owed; `exposure_cap` less what is owed; what was
    requested. It is rounded down, and is 0 if that is below the minimum.

    Parameters
    ----------
    bands : sequence of dict
        For each band: ``"from"`` and ``"to"`` of the score (the end on the better side
        belongs to it; left out where there is none), or ``"levels"`` of a grade;
        ``"limit"``; and if wanted ``"income_multiple"``, ``"exposure_cap"``,
        ``"price"`` (such as a yearly rate) and ``"name"``.

    by : str, default="points"
        Column with the score or the grade.

    best : {"high", "low"}, default="high"
        Which scores are the best; bands of levels need it not.

    income, exposure, requested : str, optional
        Columns with the income, with what is owed already, and with what was asked
        for.

    round_to : float, default=1.0
        Limits are multiples of this.

    minimum : float, default=0.0
        Less than this is not granted.

    unknown : float, default=0.0
        Limit where the score or a value that the band needs is missing, or a level
        stands in no band.

    Attributes
    ----------
    spec : LimitSpec
        The policy as checked plain data.

    See Also
    --------
    Strategy : Decides who is granted something at all.

    Examples
    --------
    >>> from riskkit.decision import LimitPolicy
    >>> policy = LimitPolicy(
    ...     [{"from": 620, "limit": 10_000, "income_multiple": 4, "price": 0.09},
    ...      {"to": 620, "limit": 3_000, "income_multiple": 2, "price": 0.19}],
    ...     income="income", round_to=100)
    >>> policy.grant({"points": 640, "income": 1_240})
    Grant(limit=4900.0, limited_by='income', price=0.09, band='[620, inf)')
    >>> applicants = {"points": [640, 600, 600], "income": [9_000, 9_000, None]}
    >>> policy.apply(applicants).frame()
        limit limited_by  price         band
    0 10000.0       band   0.09   [620, inf)
    1  3000.0       band   0.19  (-inf, 620)
    2     0.0    unknown   0.19  (-inf, 620)
    """

    def __init__(
        self,
        bands: Sequence[Mapping[str, Any]],
        *,
        by: str = "points",
        best: str = "high",
        income: str | None = None,
        exposure: str | None = None,
        requested: str | None = None,
        round_to: float = 1.0,
        minimum: float = 0.0,
        unknown: float = 0.0,
    ) -> None:
        self.spec: LimitSpec = read_limits(
            bands,
            by=by,
            best=best,
            income=income,
            exposure=exposure,
            requested=requested,
            round_to=round_to,
            minimum=minimum,
            unknown=unknown,
        )

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LimitPolicy:
        """Return the policy of plain data, such as a table of a TOML file.

        Parameters
        ----------
        plain : mapping
            The parameters by name.

        Returns
        -------
        policy : LimitPolicy
            The policy.

        Raises
        ------
        InvalidParameterError
            If a key is unknown, or a value outside its domain.
        """
        if not isinstance(plain, Mapping) or "bands" not in plain:
            msg = "A limit policy is a mapping with 'bands'; got something else."
            raise InvalidParameterError(msg)
        for key in plain:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS)
                msg = f"A limit policy may hold {', '.join(_KEYS)}; got {key!r}.{hint}"
                raise InvalidParameterError(msg)
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data, which :meth:`from_dict` takes."""
        return self.spec.to_dict()

    def grant(self, record: Mapping[str, Any]) -> Grant:
        """Return what one record is granted.

        Parameters
        ----------
        record : mapping
            Fields by name; unknown values as None.

        Returns
        -------
        grant : Grant
            limit, limited_by, price and band.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a field is absent, or of the wrong kind.
        """
        require_fields(self.spec.fields, record, "record")
        limit, limited_by, band = grant_record(self.spec, record)
        if band is None:
            return Grant(limit, limited_by, None, None)
        return Grant(limit, limited_by, band.price, band.name)

    def apply(self, table: Any) -> LimitResult:
        """Return what every row of a table is granted.

        Parameters
        ----------
        table : frame or mapping of columns
            Columns by name; extra ones are ignored.

        Returns
        -------
        result : LimitResult
            With ``.limit`` and ``.frame()``.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a column is absent, or of the wrong kind.
        """
        rows = Table.read(table)
        require_fields(self.spec.fields, rows.names, "table")
        return limit_result(self.spec, grant_rows(self.spec, rows))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LimitPolicy) and self.spec == other.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        return f"LimitPolicy(by={self.spec.by!r}, {len(self.spec.bands)} bands)"

    def _repr_html_(self) -> str:
        facts = {k: v for k, v in self.to_dict().items() if k != "bands"}
        return facts_html(repr(self), {"bands": len(self.spec.bands), **facts})


def limit_result(spec: LimitSpec, grants: RowGrants) -> LimitResult:
    """Return grants with the names and prices of their bands."""
    prices = [math.nan if b.price is None else b.price for b in spec.bands]
    names = [band.name for band in spec.bands]
    return LimitResult(
        limit=grants.limit,
        limited_by=np.asarray(LIMITED_BY)[grants.limited_by],
        # The last entry serves the place -1 of an unknown score.
        price=np.array([*prices, math.nan])[grants.band],
        band=np.array([*names, ""])[grants.band],
    )
