"""The binner and the scaler of a scorecard: those given, or the ones it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from riskkit._core.params import check_bool
from riskkit.binning import OptimalBinner
from riskkit.exceptions import InvalidParameterError
from riskkit.scaling import PointsScaler

if TYPE_CHECKING:
    from riskkit.binning import ManualBinner

__all__ = ["check_card", "choose_binner", "choose_scaler"]

# Of all rows in a bin. A binner by itself takes 5 %; here penalties draw thin bins back
# to what they can bear, and the riskiest payment histories are shares of less than 5 %.
_MIN_BIN_SIZE = 0.03


def choose_binner(card: Any) -> OptimalBinner | ManualBinner:
    """Return an unfitted binner that encodes WoE."""
    if card.binner is None:
        return OptimalBinner(
            min_bin_size=_MIN_BIN_SIZE, special_codes=card.special_codes
        )
    if not hasattr(card.binner, "get_params") or "encode" not in (
        card.binner.get_params()
    ):
        msg = (
            "binner must be a binner of riskkit, such as OptimalBinner or "
            f"ManualBinner, or None; got {type(card.binner).__name__}."
        )
        raise InvalidParameterError(msg)
    if card.special_codes is not None:
        msg = (
            "special_codes belong to the default binner; got them beside a "
            f"{type(card.binner).__name__}. Give them to that."
        )
        raise InvalidParameterError(msg)
    binner: OptimalBinner | ManualBinner = clone(card.binner).set_params(encode="woe")
    return binner


def check_card(card: Any) -> PointsScaler:
    """Check what costs no rows, and return the scaler."""
    check_bool("likelihood_ratio", card.likelihood_ratio)
    if card.verbose != "auto":
        check_bool("verbose", card.verbose)
    return choose_scaler(card)


def choose_scaler(card: Any) -> PointsScaler:
    """Return a scaler whose parameters stand the check, which costs no rows."""
    scaler = PointsScaler() if card.scaler is None else card.scaler
    if not isinstance(scaler, PointsScaler):
        msg = f"scaler must be a PointsScaler or None; got {type(scaler).__name__}."
        raise InvalidParameterError(msg)
    clone(scaler).fit([[-1.0], [1.0]])
    return scaler
