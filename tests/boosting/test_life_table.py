"""The life table, and the months of accounts as rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskkit.boosting import life_table
from riskkit.boosting._hazard import cumulative, log_survival, marginal
from riskkit.boosting._hazard_baseline import relative_odds, with_odds_times
from riskkit.boosting._hazard_rows import all_months, band_ends, hazard_rows
from riskkit.boosting._hazard_spells import Spells
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)


def spells(start, end, event):
    start, end = np.array(start), np.array(end)
    return Spells(start, end, np.array(event, dtype=bool), np.arange(start.size))


@st.composite
def watched(draw):
    n = draw(st.integers(1, 30))
    start = draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    length = draw(st.lists(st.integers(1, 7), min_size=n, max_size=n))
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return np.array(start), np.array(start) + np.array(length), np.array(event)


def slow_life_table(start, end, event):
    """Walk through every month and every account."""
    rows, survival = [], 1.0
    for month in range(1, max(end) + 1):
        at_risk = n_event = 0
        for s, e, d in zip(start, end, event, strict=True):
            at_risk += s < month <= e
            n_event += bool(d) and e == month
        survival *= 1 - n_event / at_risk if at_risk else np.nan
        rows.append((at_risk, n_event, 1 - survival))
    return np.array(rows)


@given(watched())
def test_life_table_is_that_of_a_slow_loop(case):
    start, end, event = case
    frame = life_table(event, end, start=start).frame()
    found = frame[["n_at_risk", "n_event", "cumulative"]].to_numpy()
    np.testing.assert_allclose(found, slow_life_table(start, end, event), atol=1e-12)


def test_life_table_by_hand_with_late_entry():
    # Two accounts from the opening, one from month 2 on; events in months 1 and 3.
    frame = life_table([1, 0, 1], [1, 2, 3], start=[0, 0, 1]).frame()
    assert frame["n_at_risk"].tolist() == [2, 2, 1]
    assert frame["n_entered"].tolist() == [2, 1, 0]
    assert frame["n_censored"].tolist() == [0, 1, 0]
    assert frame["hazard"].tolist() == [0.5, 0.0, 1.0]
    assert frame["cumulative"].tolist() == [0.5, 0.5, 1.0]


def test_cumulative_pd_and_interval_are_those_of_scipy():
    rng = np.random.default_rng(0)
    event, end = rng.random(200) < 0.4, rng.integers(1, 13, 200)
    sample = stats.CensoredData(uncensored=end[event], right=end[~event])
    curve = stats.ecdf(sample).sf
    bounds = curve.confidence_interval(0.9, method="log-log")
    frame = life_table(event, end, level=0.9).frame()
    seen = np.isin(frame["month"], curve.quantiles)
    kept = frame[seen]
    np.testing.assert_allclose(kept["cumulative"], 1 - curve.probabilities)
    # SciPy leaves the last point without an interval where nobody is left.
    np.testing.assert_allclose(
        kept["cumulative_low"][:-1], 1 - bounds.high.probabilities[:-1]
    )
    np.testing.assert_allclose(
        kept["cumulative_high"][:-1], 1 - bounds.low.probabilities[:-1]
    )


def test_weights_are_counts():
    event, end, start = [1, 0, 1, 0], [2, 3, 3, 4], [0, 1, 0, 2]
    weighted = life_table(event, end, start=start, sample_weight=[2, 1, 0, 3])
    rows = [0, 0, 1, 3, 3, 3]
    repeated = life_table(
        np.take(event, rows), np.take(end, rows), start=np.take(start, rows)
    )
    pd.testing.assert_frame_equal(weighted.frame(), repeated.frame())
    assert weighted.to_dict()["level"] == 0.95


def test_panel_and_intervals_give_one_table():
    panel = life_table(
        [0, 0, 1, 0, 0], month=[1, 2, 3, 2, 3], account=["a", "a", "a", "b", "b"]
    )
    rows = life_table([1, 0], [3, 3], start=[0, 1])
    for name in ("n_at_risk", "n_event", "cumulative"):
        assert panel.columns[name] == rows.columns[name]


def test_months_without_anybody_are_nan():
    frame = life_table([1, 0], [3, 3], start=[1, 2]).frame()
    assert frame["n_at_risk"].tolist() == [0, 1, 2]
    assert np.isnan(frame.loc[0, "hazard"])
    assert frame["cumulative"].isna().all()
    assert "month" in life_table([1], [1])._repr_html_()


def test_outcomes_of_one_class_have_a_table():
    table = life_table([0, 0], [2, 3]).frame()
    assert table["cumulative"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"end": [2, -1]}, InvalidInputError, "negative; 1 of 2|negative.*1 of 2"),
        ({"end": [0, 2]}, InvalidInputError, "before the account was opened"),
        ({"end": [2, 2], "start": [0, 3]}, InvalidInputError, "must not lie before"),
        ({"end": [2, 2], "start": [2, 0]}, InvalidInputError, "start < m"),
        ({"end": [2, 2], "start": [-1, 0]}, InvalidInputError, "start must not be neg"),
        ({"end": [1.5, 2]}, InvalidInputError, "whole months.*1 of 2"),
        ({"end": [np.nan, 2]}, InvalidInputError, "whole months"),
        ({"end": [2]}, InvalidInputError, "each of the 2 rows"),
        ({"end": ["2", "3"]}, InvalidTypeError, "must hold numbers"),
        ({"month": [0, 1]}, InvalidInputError, "first month on book is 1"),
        ({"month": [1, 2], "end": [1, 2]}, InvalidParameterError, "got both"),
        ({"start": [0, 0]}, InvalidParameterError, "got neither"),
        ({}, InvalidParameterError, "got neither"),
        ({"end": [1, 2], "level": 1.0}, InvalidParameterError, "level"),
        ({"end": [1, 2], "gaps": "close"}, InvalidParameterError, "gaps"),
        ({"end": [1, 2], "account": ["a", None]}, InvalidInputError, "1 of 2 are"),
        ({"end": [1, 2], "account": ["a"]}, InvalidInputError, "got 1"),
    ],
)
def test_bad_times_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        life_table([1, 0], **arguments)


@pytest.mark.parametrize(
    ("event", "month", "words"),
    [
        ([0, 0, 0], [1, 2, 4], "without a gap.*1 of 1 accounts"),
        ([0, 0, 0], [1, 2, 2], "share a month.*1 of 1"),
        ([0, 1, 0], [1, 2, 3], "after its event.*1 of 1"),
        ([0, 1, 1], [1, 2, 3], "after its event.*1 of 1"),
    ],
)
def test_broken_accounts_are_refused(event, month, words):
    with pytest.raises(InvalidInputError, match=words):
        life_table(event, month=month, account=["x"] * 3)


def test_gaps_may_be_allowed():
    table = life_table([0, 0, 1], month=[1, 2, 4], account=["x"] * 3, gaps="allow")
    assert table.columns["n_at_risk"] == (1, 1, 0, 1)


@pytest.mark.parametrize("y", [[0, 2], ["no", "yes"], [], [[0, 1]]])
def test_outcomes_must_be_flags(y):
    with pytest.raises(InvalidTargetError, match="y must hold"):
        life_table(y, np.ones(len(y), dtype=int))


def test_rows_of_bands_by_hand():
    rows = hazard_rows(spells([0, 1], [5, 2], [1, 0]), band_ends((2, 4), 5))
    assert rows.row.tolist() == [0, 0, 0, 1]
    assert rows.month.tolist() == [2, 4, 5, 2]
    assert rows.is_event.tolist() == [False, False, True, False]
    assert rows.n_months.tolist() == [2, 2, 1, 1]
    inside = hazard_rows(spells([0], [3], [1]), band_ends((2, 4), 4))
    # In its band the account survived month 3 not: one month of the event alone.
    assert inside.n_months.tolist() == [2, 1]
    later = hazard_rows(spells([0], [4], [1]), band_ends((2, 4), 4))
    assert later.is_event.tolist() == [False, False, True]
    assert later.n_months.tolist() == [2, 1, 1]


@given(watched(), st.sets(st.integers(1, 14)))
def test_bands_keep_months_and_events(case, bands):
    chosen = spells(*case)
    rows = hazard_rows(chosen, band_ends(tuple(sorted(bands)), int(chosen.end.max())))
    watched_months = chosen.end - chosen.start
    np.testing.assert_array_equal(np.bincount(rows.row, rows.n_months), watched_months)
    np.testing.assert_array_equal(
        np.bincount(rows.row, rows.is_event), chosen.is_event.astype(float)
    )
    assert len(all_months(chosen).row) == watched_months.sum()


def test_too_many_months_are_refused_before_they_are_made():
    n = 51
    many = spells([0] * n, [1_000_000] * n, [0] * n)
    with pytest.raises(InvalidInputError, match="at most 50,000,000"):
        hazard_rows(many, band_ends(None, 1_000_000))


hazards = st.lists(st.floats(0, 0.9), min_size=1, max_size=40)


@settings(max_examples=50)
@given(hazards)
def test_identities_of_a_hazard(values):
    hazard = np.array(values)
    survival = np.cumprod(1 - hazard)
    np.testing.assert_allclose(np.exp(log_survival(hazard))[1:], survival, rtol=1e-9)
    np.testing.assert_allclose(cumulative(hazard), 1 - survival, atol=1e-12)
    np.testing.assert_allclose(np.cumsum(marginal(hazard)), 1 - survival, atol=1e-12)


def test_small_pds_stay_exact():
    assert cumulative(np.full(2, 1e-18)).tolist() == [1e-18, 2e-18]


def test_relative_odds_by_hand():
    # Odds of all are 30 / 100; 0.3 * 50 = 15 events expected in each.
    odds = relative_odds(np.array([10.0, 20.0]), np.array([50.0, 50.0]))
    np.testing.assert_allclose(odds, [11 / 16, 21 / 16])
    assert relative_odds(np.array([3.0]), np.array([17.0])).tolist() == [1.0]


@given(st.floats(0, 1), st.floats(0.01, 100))
def test_odds_are_multiplied(p, factor):
    moved = float(with_odds_times(np.array(p), np.array(factor)))
    if p in (0, 1):
        assert moved == p
    elif p < 0.999:
        assert moved / (1 - moved) == pytest.approx(p / (1 - p) * factor, rel=1e-6)
