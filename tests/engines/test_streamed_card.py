"""Scorecards of rows with too many patterns to hold: Newton steps over the table."""

import numpy as np
import pandas as pd
import pytest

from riskkit.binning import OptimalBinner
from riskkit.engines import collect_stats, fit_scorecard
from riskkit.exceptions import InvalidInputError, InvalidParameterError, LeakageWarning
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ScorecardClassifier

FEATURES = ["State", "NoEmp", "GrAppv", "guaranteed_share", "RetainedJob", "LowDoc"]
ON = ("chunks", "glob", "files", "arrow dataset", "lazy", "polars glob")
ON += ("duckdb relation", "duckdb glob")


@pytest.fixture(scope="module")
def in_memory(book):
    return ScorecardClassifier().fit(book.X[FEATURES], book.y)


def close(card, twin, unit=0.01):
    assert card.coefficients_.keys() == twin.coefficients_.keys()
    for name, coefficient in card.coefficients_.items():
        assert coefficient == pytest.approx(twin.coefficients_[name], abs=1e-9)
    assert card.intercept_ == pytest.approx(twin.intercept_, abs=1e-9)
    for own, other in zip(
        card.spec_.characteristics, twin.spec_.characteristics, strict=True
    ):
        assert own.feature == other.feature
        assert own.points == pytest.approx(other.points, abs=1e-6)
    pd.testing.assert_frame_equal(
        card.coefficient_table_, twin.coefficient_table_, rtol=1e-6
    )
    assert card.left_out_ == twin.left_out_
    assert (card.n_rows_, card.n_events_) == (twin.n_rows_, twin.n_events_)
    assert card.classes_.tolist() == twin.classes_.tolist()
    ours, theirs = card.rounding_report_.frame(), twin.rounding_report_.frame()
    assert ours["n"].equals(theirs["n"])
    # The report takes exact points to a 65,000th of their range.
    np.testing.assert_allclose(ours, theirs, atol=unit)
    assert card.n_passes_ > 0
    assert twin.n_passes_ == 0


def on_engines(source):
    if source.name not in ON:
        pytest.skip("one of each way to read a table in parts will do")


@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_every_engine_fits_the_card_of_rows_in_memory(source, in_memory):
    on_engines(source)
    card = fit_scorecard(
        ScorecardClassifier(),
        source.table,
        "bad",
        features=FEATURES,
        max_patterns=500,
        **source.told,
    )
    close(card, in_memory)
    for own, other in zip(
        card.spec_.characteristics, in_memory.spec_.characteristics, strict=True
    ):
        assert own.points == other.points
    assert card.baseline_ == in_memory.baseline_
    assert card.feature_names_in_.tolist() == FEATURES


def test_batches_in_any_order_give_the_same_card(book):
    table = book.frame[[*FEATURES, "bad"]]
    parts = [table[k : k + 3000] for k in range(0, len(table), 3000)]
    stats = collect_stats(parts, "bad")
    order = np.random.default_rng(0).permutation(len(parts))
    cards = [
        fit_scorecard(ScorecardClassifier(), given, "bad", stats=stats, max_patterns=0)
        for given in (parts, [parts[k] for k in order])
    ]
    assert cards[0].spec_ == cards[1].spec_  # to the bit
    assert cards[0].rounding_report_ == cards[1].rounding_report_
    assert cards[0].baseline_ == cards[1].baseline_
    assert cards[0].coefficient_table_.equals(cards[1].coefficient_table_)


def test_many_patterns_with_weights():
    """Unrelated features: almost as many patterns as rows."""
    rng = np.random.default_rng(1)
    n = 3000
    X = pd.DataFrame(rng.normal(size=(n, 6)), columns=[f"x{j}" for j in range(6)])
    X["weak"] = X["x0"] * -0.9 + rng.normal(size=n) * 0.3
    z = -1.5 + X["x0"] * 1.2 - X["x1"] * 0.6 + X["x2"] * 0.5 + X["weak"] * 1.1
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    weight = rng.integers(0, 4, n) / 2
    frame = X.assign(y=y, w=weight)
    told = {"sample_weight": "w", "features": list(X), "max_values": 4000}
    for card in (
        ScorecardClassifier(weak_iv=0.1),
        ScorecardClassifier(
            scaler=PointsScaler(rounding="none"), signs="free", likelihood_ratio=True
        ),
        ScorecardClassifier(scaler=PointsScaler(points_range=(0, 100))),
    ):
        twin = fit_scorecard(card, frame, "y", **told)
        parts = [frame[:2500], frame[2500:]]
        close(fit_scorecard(card, parts, "y", max_patterns=200, **told), twin)


def test_a_feature_is_turned_where_the_others_reveal_it():
    """A guarantee that the riskier line gets, and that lowers the risk."""
    rng = np.random.default_rng(0)
    line = rng.random(8000) < 0.5
    guarantee = rng.random(8000) < np.where(line, 0.8, 0.3)
    z = 1.5 * line - 0.6 * guarantee - 2
    frame = pd.DataFrame({"line": line, "guarantee": guarantee}, dtype=float)
    frame["y"] = (rng.random(8000) < 1 / (1 + np.exp(-z))).astype(int)
    card = fit_scorecard(ScorecardClassifier(), frame, "y", max_patterns=0)
    assert card.coefficient_table_["turned"].sum() == 1
    close(card, fit_scorecard(ScorecardClassifier(), frame, "y"))


def test_labels_that_are_text(book):
    table = book.frame[["NoEmp", "State", "bad"]]
    table = table.assign(bad=np.where(table["bad"] == 1, "lost", "kept"))
    told = {"classes": ("kept", "lost")}
    card = fit_scorecard(ScorecardClassifier(), table, "bad", max_patterns=0, **told)
    close(card, fit_scorecard(ScorecardClassifier(), table, "bad", **told))
    assert card.predict(table[:5]).dtype.kind in "UO"


def test_passes_are_those_of_newton_steps(book):
    """A pass for each sum that is asked for, and none that nobody needs."""
    table = book.frame[["NoEmp", "State", "bad"]]
    card = fit_scorecard(ScorecardClassifier(), table, "bad", max_patterns=0)
    plain = fit_scorecard(
        ScorecardClassifier(signs="free", optimism=0.0),
        table,
        "bad",
        max_patterns=0,
    )
    # The sums at the start and after each step; then the extremes of the log-odds,
    # pairs of bins, and points.
    assert plain.n_passes_ == 1 + plain.n_iter_ + 3
    assert card.n_passes_ >= plain.n_passes_


def test_what_cannot_be_streamed(book):
    table = book.frame[["NoEmp", "State", "bad"]]
    card = ScorecardClassifier(selection="forward")
    with pytest.raises(InvalidParameterError, match="more patterns of bins than"):
        fit_scorecard(card, table, "bad", max_patterns=20)
    stats = collect_stats(table, "bad")
    with pytest.raises(InvalidInputError, match="later pass found"):
        fit_scorecard(card, table[:-5], "bad", stats=stats, max_patterns=0)


def test_a_separating_feature_is_told(book):
    table = book.frame[["NoEmp", "State", "bad"]].assign(after=book.frame["bad"] * 9.0)
    with pytest.warns(LeakageWarning, match="'after'"):
        fit_scorecard(ScorecardClassifier(), table, "bad", max_patterns=0)


def test_no_feature_has_a_place():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=800), "y": rng.integers(0, 2, 800)})
    card = ScorecardClassifier(OptimalBinner(), min_iv=9.0)
    with pytest.warns(match="No feature has a place"):
        found = fit_scorecard(card, frame, "y", max_patterns=0)
    with pytest.warns(match="No feature has a place"):
        twin = fit_scorecard(card, frame, "y")
    assert found.intercept_ == pytest.approx(twin.intercept_, abs=1e-12)
    report, other = found.rounding_report_, twin.rounding_report_
    assert report.max_error == pytest.approx(other.max_error, abs=1e-3)
    assert found.baseline_ == twin.baseline_
