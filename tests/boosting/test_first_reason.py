"""The first reason does not hang on which accounts it is compared with."""

import numpy as np
import pytest

from riskkit.explain import reason_codes


@pytest.mark.parametrize("seed", [0, 1])
def test_the_first_reason_is_stable_when_the_reference_is_redrawn(
    kind, book, fitted, seed
):
    model = fitted(kind)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(book.data))
    asked, pool = rows[:400], rows[400:2000]
    found = model.predict_contributions(book.data.iloc[asked])
    values = model.predict_contributions(book.data.iloc[pool]).values
    stored = first(found.values, found.reference)
    words = reason_codes(model, book.data.iloc[asked], n=1)["reason_1"]
    names = np.array([*found.names, None], dtype=object)
    assert words.astype(object).where(words.notna(), None).tolist() == list(
        names[stored]
    )
    shares = []
    for _ in range(50):
        drawn = rng.choice(len(values), 1024, replace=True)
        other = first(found.values, values[drawn].mean(axis=0))
        shares.append(np.mean(other == stored))
    assert np.mean(shares) >= 0.95
    assert len(set(stored.tolist())) > 2  # or being stable would mean nothing


def first(values, reference):
    losses = values - reference
    return np.where(losses.max(axis=1) > 0, losses.argmax(axis=1), -1)
