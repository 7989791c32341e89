"""PDs by segment: each against its own outcomes, adjusted for their number."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from riskkit.backtest import validate_pd
from riskkit.exceptions import InvalidInputError
from riskkit.metrics import jeffreys_test

RNG = np.random.default_rng(0)
N = 12_000
PD = RNG.beta(1, 12, N)
CHANNEL = RNG.choice(["web", "branch", "broker", None], N)
TIMES = np.where(CHANNEL == "broker", 2.0, 1.0)
Y = (RNG.random(N) < np.minimum(TIMES * PD, 1)).astype(float)


def test_each_segment_by_hand():
    result = validate_pd(Y, PD, segments={"channel": CHANNEL})
    frame = result.frame("segments").set_index("segment")
    names = pd.Series(CHANNEL, dtype=object).fillna("missing").to_numpy()
    assert sorted(frame.index) == ["branch", "broker", "missing", "web"]
    assert (frame["scope"] == "channel").all()
    raw = {}
    for name, row in frame.iterrows():
        held = names == name
        assert row["n"] == held.sum()
        assert row["n_event"] == Y[held].sum()
        assert_allclose(row["pd"], PD[held].mean())
        assert_allclose(row["actual_expected"], Y[held].mean() / PD[held].mean())
        assert_allclose(row["gini"], 2 * roc_auc_score(Y[held], PD[held]) - 1)
        test = jeffreys_test(Y[held].sum(), held.sum(), PD[held].mean(),
                             alternative="two-sided")  # fmt: skip
        assert_allclose(row["p_value"], float(test.p_value))
        raw[name] = float(test.p_value)
    order = sorted(raw, key=raw.get)
    holm = np.minimum(np.maximum.accumulate([raw[k] * (4 - i) for i, k in
                                             enumerate(order)]), 1)  # fmt: skip
    assert_allclose(frame.loc[order, "p_adjusted"], holm)
    assert frame.loc["broker", "p_adjusted"] < 1e-6
    assert (frame.drop("broker")["p_adjusted"] > 0.01).all()
    assert_allclose(frame["n"].sum(), N)


def test_segments_are_those_of_the_rows_that_are_judged():
    out = (CHANNEL == "web") | (np.arange(N) % 7 == 0)
    result = validate_pd(Y, PD, segments=CHANNEL, exclusions={"test": out})
    frame = result.frame("segments")
    assert set(frame["segment"]) == {"branch", "broker", "missing"}
    assert (frame["scope"] == "segment").all()
    assert frame["n"].sum() == (~out).sum()
    # Segments are shown; the verdict is of the whole sample.
    plain = validate_pd(Y, PD, exclusions={"test": out})
    assert (plain.verdict, plain.reason) == (result.verdict, result.reason)
    assert plain.frame("segments").empty
    assert len(json.loads(json.dumps(result.to_dict()))["tables"]["segments"]) == 3


def test_segments_of_other_rows_are_refused():
    with pytest.raises(InvalidInputError, match="each of the 12000 rows; got 5"):
        validate_pd(Y, PD, segments=["a"] * 5)


def test_weights_are_rows():
    weight = RNG.integers(0, 3, N)
    weight[CHANNEL == "web"] = 0
    row = np.repeat(np.arange(N), weight)
    weighted = validate_pd(Y, PD, segments=CHANNEL, sample_weight=weight)
    repeated = validate_pd(Y[row], PD[row], segments=CHANNEL[row])
    pd.testing.assert_frame_equal(
        weighted.frame("segments"), repeated.frame("segments")
    )
