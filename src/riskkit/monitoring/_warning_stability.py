"""What one period of a stability result gives warnings to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["stability_measurements"]


def stability_measurements(
    names: Sequence[str], kinds: Sequence[str], row: Mapping[str, Sequence[Any]]
) -> tuple[Measurement, ...]:
    """Return PSI, CSI, the change of missing values, and the share of unseen levels.

    `row` holds the columns of the period, one entry a feature.
    """
    found = []
    for j, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        n, reason = row["n"][j], row["reason"][j]
        is_score = kind == "score"
        found.append(
            Measurement(
                "score_psi" if is_score else "feature_csi",
                float("nan") if reason else row["psi"][j],
                row["p_value"][j],
                of="all" if is_score else name,
                n=n,
                reason=reason,
            )
        )
        change = abs(row["missing"][j] - row["missing_expected"][j])
        found.append(Measurement("missing_change", change, of=name, n=n, reason=reason))
        if kind == "categorical":
            unseen = row["unseen"][j]
            found.append(
                Measurement("unseen_share", unseen, of=name, n=n, reason=reason)
            )
    return tuple(found)
