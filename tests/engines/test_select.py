"""Features selected from any source are those selected from rows in memory."""

import numpy as np
import pandas as pd
import pytest

from riskkit.binning import FeatureCounts, IVSelector, OptimalBinner, WoECrossEncoder
from riskkit.engines import collect_stats, fit_selector
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)

FEATURES = ["GrAppv", "SBA_Appv", "State", "NoEmp", "CreateJob", "guaranteed_share"]
LIMITS = {"max_correlation": 0.4, "max_vif": 3.0, "min_iv": 0.01}

pytestmark = pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")


def same(found, expected):
    ours, theirs = found.report(), expected.report()
    order = ours["feature"].tolist()
    theirs = theirs.set_index("feature").loc[order].reset_index()
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=1e-12)
    assert found.selected_ == expected.selected_


@pytest.fixture(scope="module")
def in_memory(book):
    return IVSelector(**LIMITS).fit(book.X[FEATURES], book.y)


def test_every_engine_selects_the_same(source, book, in_memory):
    told = {"features": FEATURES, **source.told}
    if source.name == "arrow reader":
        with pytest.raises(InvalidTypeError, match="read twice"):
            fit_selector(IVSelector(**LIMITS), source.table, "bad", **told)
        return
    found = fit_selector(IVSelector(**LIMITS), source.table, "bad", **told)
    same(found, in_memory)
    # The limits are of use: something left because of another feature.
    assert found.report()["reason"].str.contains("correlation").any()
    X = book.X.iloc[:50]
    assert list(found.transform(X)) == list(in_memory.transform(X[FEATURES]))


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_weights_must_haves_and_periods(book, correlation):
    weight = np.random.default_rng(4).integers(1, 5, len(book.y)) / 4
    frame = book.frame.assign(w=weight)
    selector = IVSelector(
        OptimalBinner(max_n_bins=5),
        max_csi=0.2,
        max_correlation=0.5,
        correlation=correlation,
        must_have=["NoEmp"],
        never=["State"],
        n_features=3,
    )
    found = fit_selector(
        selector, frame, "bad", features=FEATURES, period="year", sample_weight="w"
    )
    expected = selector.fit(book.X[FEATURES], book.y, weight, periods=book.year)
    same(found, expected)
    assert found.report()["csi"].notna().all()
    assert "NoEmp" in found.selected_


def test_counts_alone_judge_each_feature(book):
    stats = collect_stats(book.frame, "bad", features=FEATURES)
    found = fit_selector(IVSelector(min_iv=0.05, n_features=2), stats)
    expected = IVSelector(min_iv=0.05, n_features=2).fit(book.X[FEATURES], book.y)
    assert found.selected_ == expected.selected_
    report = found.report()
    assert report[["max_correlation", "vif", "cluster"]].isna().all(axis=None)
    with pytest.raises(InvalidParameterError, match=r"max_correlation and max_vif.*"):
        fit_selector(IVSelector(**LIMITS), stats)
    again = fit_selector(
        IVSelector(**LIMITS), book.frame, "bad", features=FEATURES, stats=stats
    )
    same(again, IVSelector(**LIMITS).fit(book.X[FEATURES], book.y))


def test_numbered_periods_come_in_their_order():
    """Of periods 8, 9 and 10 the first is 8, as numbers go, not 10, as text goes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=3000), "p": np.repeat([8, 9, 10], 1000)})
    frame["x"] += 2.0 * (frame["p"] == 9)
    frame["y"] = (rng.random(3000) < 1 / (1 + np.exp(1 - frame["x"]))).astype(int)
    found = fit_selector(IVSelector(stable_over="p", max_csi=5), frame, "y")
    expected = IVSelector(max_csi=5).fit(frame[["x"]], frame["y"], periods=frame["p"])
    same(found, expected)
    frame["p"] = frame["p"].where(frame.index > 4)
    with pytest.raises(InvalidInputError, match="5 of 3000 accounts have none"):
        fit_selector(IVSelector(stable_over="p"), frame, "y")


def test_bad_parameters(book):
    stats = collect_stats(book.frame[:2000], "bad", features=FEATURES)
    cases = [
        (IVSelector(max_csi=0.1), "need the counts of every period"),
        (IVSelector(must_have=["Staat"]), "Did you mean 'State'"),
        (IVSelector(WoECrossEncoder()), "binner must be"),
        (IVSelector(min_iv=-1), "min_iv must be"),
    ]
    for selector, message in cases:
        with pytest.raises(InvalidParameterError, match=message):
            fit_selector(selector, stats)
    with pytest.raises(InvalidParameterError, match="give no y"):
        fit_selector(IVSelector(), stats, "bad")
    with pytest.raises(InvalidTypeError, match="must be an IVSelector"):
        fit_selector(OptimalBinner(), stats)
    with pytest.raises(InvalidTypeError, match="y must name"):
        fit_selector(IVSelector(), book.frame)
    own = FeatureCounts([1, 2], [3, 4], [30, 4], period=["a", "a"])
    with pytest.raises(InvalidInputError, match="2 distinct values; got 1"):
        IVSelector(max_csi=1).fit_counts({"x": own})
