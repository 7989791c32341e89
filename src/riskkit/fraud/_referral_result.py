"""What a screening of referral programmes found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_option

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.fraud._referral_reading import Members
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ReferralResult", "members_table"]

_TABLES = ("schemes", "signs", "members")


@dataclass(frozen=True, eq=False, repr=False)
class ReferralResult:
    """Programmes, their signs, and their members.

    Made by :meth:`ReferralScreen.screen`.

    Parameters
    ----------
    schemes : dict of str to ndarray
        Columns of the table of programmes; see :meth:`frame`.

    signs : dict of str to tuple
        By sign: value, 1 for a sign (0 for none, NaN if not evaluated) of every
        programme, and the threshold.

    members : dict of str to ndarray
        Columns of the table of members.

    Examples
    --------
    >>> from riskkit.datasets import make_referrals
    >>> from riskkit.fraud import ReferralScreen
    >>> world = make_referrals(6, 2, n_members=60, random_state=0)
    >>> screen = ReferralScreen(market_yields=world.market_yields)
    >>> result = screen.screen(
    ...     world.data, commissions=world.commissions, schemes=world.schemes)
    >>> found = result.frame()
    >>> found[found["is_suspect"]][["scheme", "n_signs", "n_evaluated"]]
           scheme  n_signs  n_evaluated
    0  scheme-000        3            6
    3  scheme-003        3            6
    """

    schemes: dict[str, Any]
    signs: dict[str, tuple[FloatArray, FloatArray, float]]
    members: dict[str, Any]

    def frame(self, table: str = "schemes") -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : {"schemes", "signs", "members"}, default="schemes"
            ``"schemes"`` has one row a programme: members, ``recruited_share``,
            ``depth`` (levels below the top), ``breadth`` (most recruits of one
            member), unknown referrers, members who joined before their referrer,
            members in circles, signs and the verdict. ``"signs"`` has one row for each
            programme and sign: value, threshold, and whether it is one (None if it
            could not be evaluated). ``"members"`` has one row a member: his level,
            recruits, downline and its depth, amounts, ``net`` (received less paid in),
            whether the programme is a suspect and whether he is a promoter of it: he
            recruited somebody and received more than he paid in.

        Returns
        -------
        frame : DataFrame
            The table.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        import pandas as pd

        check_option("table", table, _TABLES)
        if table == "signs":
            return pd.DataFrame(self._sign_rows())
        return pd.DataFrame(self.schemes if table == "schemes" else self.members)

    def to_dict(self) -> dict[str, Any]:
        """Return programmes and signs as plain data; members stay out.

        Returns
        -------
        document : dict
            ``schemes`` and ``signs``, lists of records.
        """
        columns = {name: values.tolist() for name, values in self.schemes.items()}
        rows = zip(*columns.values(), strict=True)
        return {
            "schemes": [dict(zip(columns, row, strict=True)) for row in rows],
            "signs": [
                record | {"value": _plain(record["value"])}
                for record in self._sign_rows()
            ],
        }

    def _sign_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "scheme": scheme,
                "sign": sign,
                "value": float(value[j]),
                "threshold": threshold,
                "is_sign": None if np.isnan(found[j]) else bool(found[j]),
            }
            for j, scheme in enumerate(self.schemes["scheme"].tolist())
            for sign, (value, found, threshold) in self.signs.items()
        ]

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def members_table(
    members: Members, size: IntArray, depth: IntArray, is_suspect: BoolArray
) -> dict[str, Any]:
    """Return one row a member."""
    names = np.array(members.names.levels, dtype=object)[members.names.codes]
    schemes = np.array(members.schemes, dtype=object)[members.scheme]
    amounts = members.amounts
    nothing = np.zeros(members.scheme.size)
    received = amounts.get("commission", nothing) + amounts.get("payout", nothing)
    net = received - amounts.get("paid_in", nothing)
    n_recruits = members.forest.n_recruits
    suspect = is_suspect[members.scheme]
    return {
        "member": names,
        "scheme": schemes,
        "level": members.forest.level,
        "n_recruits": n_recruits,
        "downline": size,
        "downline_depth": depth,
        **amounts,
        "net": net,
        "in_circle": members.in_circle,
        "in_suspect_scheme": suspect,
        "is_promoter": suspect & (n_recruits > 0) & (net > 0),
    }
