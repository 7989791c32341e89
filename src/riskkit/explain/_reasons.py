"""Reason codes: what keeps an account from the points it could have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit._core.params import check_int, check_option
from riskkit._core.text import text_array
from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.points import largest_losses
from riskkit.explain._additive import additive_losses, is_additive
from riskkit.explain._card import (
    REFERENCES,
    find_bins,
    inner_model,
    read_card,
    references,
    row_labels,
)
from riskkit.explain._wording import read_topics, topic_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray

__all__ = ["reason_codes"]


def reason_codes(
    model: Any,
    X: Any,
    n: int = 4,
    *,
    against: str | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    texts: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the characteristics that cost each account the most points.

    The largest loss comes first; ties go to the characteristic that stands first in
    the scorecard, so the same account always gets the same reasons. A characteristic
    that costs nothing is no reason.

    Parameters
    ----------
    model : ScorecardClassifier, ExpertScorecard or boosted model
        A fitted scorecard, or a model of :mod:`riskkit.boosting`; also one inside a
        ``CalibratedPD``, which moves neither points nor reasons.

    X : frame or array-like of shape (n_samples, n_features)
        Accounts; columns of a frame are matched by name.

    n : int, default=4
        Most reasons for each account.

    against : {"best", "neutral", "mean"} or None, default=None
        What a loss is the distance to: the best bin of the characteristic; its
        points at WoE 0, where it speaks neither for nor against; or its mean points
        in the training population. None stands for ``"best"``, and for ``"mean"`` with
        a boosted model, which has no other: the mean of the accounts that it keeps as
        its reference (``reference_share``).

    groups : dict of str to sequence of str, optional
        Characteristics that make one reason together, under the name of the group.
        Their losses are summed, and against ``"neutral"`` and ``"mean"`` what one of
        them gains makes up for what another loses.

    texts : dict of str to str, optional
        Wording for a characteristic or a group: a template that may hold the fields
        ``{name}``, ``{bin}`` (the label of the bin) and ``{points_lost}``. The
        account's own value is no field. A bin that holds a single level or code says
        as much as the value.

    Returns
    -------
    reasons : DataFrame of shape (n_samples, 2 * n)
        Columns ``reason_1, points_lost_1, reason_2, ...``; missing where there are
        fewer reasons. The index of a pandas frame is kept.

    Raises
    ------
    InvalidTypeError
        If the model is no scorecard and does not tell its contributions.
    InvalidParameterError
        If `n` is below 1, `against` is another word, a group or a text names no
        characteristic, or a template has another field.

    See Also
    --------
    contributions : The same distances of every characteristic, gains included.
    counterfactuals : What would have to change.
    riskkit.serving.Scorer.score : The same reasons for one record.

    Notes
    -----
    Against the best bins the losses of all characteristics add up to the distance
    between the account's points and the most points that anyone can have. Against the
    other two there are gains as well, which are no reasons: add up
    ``contributions(model, X, against=...)``. With whole points all these sums are
    exact; the means are kept to 2 ** -32 of a point for that purpose.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.explain import reason_codes
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> X = pd.DataFrame({"delays": [3, 0, 1, 0] * 50, "age": [25, 35, 45, 55] * 50})
    >>> y = ([1, 0, 1, 0] * 25) + ([1, 0, 0, 0] * 25)
    >>> card = ScorecardClassifier().fit(X, y)
    >>> reason_codes(card, X.head(4), n=1)["reason_1"].tolist()
    ['delays', 'age', 'delays', nan]
    >>> texts = {"delays": "{name} in {bin} costs {points_lost} points"}
    >>> reason_codes(card, X.head(1), n=1, texts=texts)["reason_1"].tolist()
    ['delays in (2, inf) costs 210 points']
    """
    check_int("n", n, low=1)
    model = inner_model(model)
    if is_additive(model):
        words, amounts = additive_losses(model, X, n, against, groups, texts)
        return _frame(words, amounts, X)
    against = against or "best"
    check_option("against", against, REFERENCES)
    spec = read_card(model, "reason_codes")
    topics = read_topics(spec, groups, texts)
    base = references(model, spec, against)
    n_rows, bins = find_bins(model, spec, X)
    by_bin = [
        value - np.asarray(item.points)
        for value, item in zip(base, spec.characteristics, strict=True)
    ]
    losses = np.empty((n_rows, len(topics)))
    for k, topic in enumerate(topics):
        parts = [take_values(by_bin[j], bins[j]) for j in topic.members]
        losses[:, k] = sum_in_order(0.0, parts, n_rows)
    columns = largest_losses(losses, n)
    words = np.full(columns.shape, None, dtype=object)
    amounts = np.full(columns.shape, np.nan)
    for k, topic in enumerate(topics):
        rows, places = np.nonzero(columns == k)
        amounts[rows, places] = losses[rows, k]
        words[rows, places] = topic_texts(
            topic, spec, [codes[rows] for codes in bins], losses[rows, k]
        )
    return _frame(words, amounts, X)


def _frame(words: NDArray[Any], amounts: FloatArray, X: Any) -> pd.DataFrame:
    out: dict[str, Any] = {}
    for k in range(words.shape[1]):
        out[f"reason_{k + 1}"] = text_array(words[:, k])
        out[f"points_lost_{k + 1}"] = amounts[:, k]
    return pd.DataFrame(out, index=row_labels(X))
