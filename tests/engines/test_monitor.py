"""Monitoring of any source equals that of rows in memory."""

import numpy as np
import pytest

from riskkit.engines import collect_stats, fit_baseline, monitor
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.monitoring import Baseline, StabilityMonitor
from riskkit.scorecard import ScorecardClassifier

FEATURES = ["State", "NoEmp", "GrAppv"]


@pytest.fixture(scope="module")
def card(book):
    return ScorecardClassifier().fit(book.X[FEATURES], book.y)


def test_every_engine_counts_the_same_population(source, book, card):
    baseline = Baseline.from_scorecard(card)
    expected = StabilityMonitor(baseline).update(
        book.X,
        period=book.year,
        score=card.predict_points(book.X[FEATURES]),
        y=book.y,
    )
    found = monitor(
        source.table, baseline, period="year", model=card, y="bad", **source.told
    )
    assert found.periods == tuple(sorted(set(book.year)))
    assert found.to_spec() == expected.to_spec()


def test_a_column_of_scores_and_earlier_periods(book, card):
    frame = book.frame.assign(points=card.predict_points(book.X[FEATURES]))
    baseline = Baseline.from_scorecard(card)
    early = frame["year"] < "2004"
    first = monitor(frame[early], baseline, period="year", score="points")
    both = monitor(frame[~early], first, period="year", score="points")
    whole = monitor(frame, baseline, period="year", score="points")
    assert both.to_spec() == whole.to_spec()
    assert set(first.periods) == set(frame["year"][early])


def test_a_baseline_of_counts_watches_later_rows(book):
    baseline = fit_baseline(collect_stats(book.frame[[*FEATURES, "bad"]], "bad"))
    found = monitor(book.frame, baseline, period="year", y="bad").pooled()
    psi = found.frame().set_index("feature")
    assert np.abs(psi["psi"]).max() < 1e-12


def test_bad_requests(book, card):
    baseline = Baseline.from_scorecard(card)
    with pytest.raises(InvalidParameterError, match="got both"):
        monitor(book.frame, baseline, period="year", model=card, score="x")
    with pytest.raises(InvalidTypeError, match="reference must be"):
        monitor(book.frame, card, period="year")
    with pytest.raises(InvalidInputError, match="no column 'month'"):
        monitor(book.frame, baseline, period="month", model=card)
