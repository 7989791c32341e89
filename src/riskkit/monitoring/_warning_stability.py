"""What a stability result gives warnings to judge: its youngest period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    from riskkit.monitoring._stability_result import StabilityResult

__all__ = ["stability_measurements"]


def stability_measurements(result: StabilityResult) -> tuple[Measurement, ...]:
    """Return PSI, CSI, the change of missing values, and the share of unseen levels."""
    if not result.periods:
        return ()
    found = []
    last = {name: values[-1].tolist() for name, values in result.by_feature.items()}
    for j, (name, kind) in enumerate(zip(result.names, result.kinds, strict=True)):
        n, reason = last["n"][j], last["reason"][j]
        is_score = kind == "score"
        found.append(
            Measurement(
                "score_psi" if is_score else "feature_csi",
                float("nan") if reason else last["psi"][j],
                last["p_value"][j],
                of="all" if is_score else name,
                n=n,
                reason=reason,
            )
        )
        change = abs(last["missing"][j] - last["missing_expected"][j])
        found.append(Measurement("missing_change", change, of=name, n=n, reason=reason))
        if kind == "categorical":
            unseen = last["unseen"][j]
            found.append(
                Measurement("unseen_share", unseen, of=name, n=n, reason=reason)
            )
    return tuple(found)
