import numpy as np
import pandas as pd
import pytest

from riskkit.exceptions import InvalidParameterError
from riskkit.reporting import Check, ReportResult, ReportThresholds
from riskkit.reporting._population import level_status, psi_status
from riskkit.reporting._validation import compute_validation
from riskkit.reporting._verdict import judge

NAMES = ("Ranking", "Level", "Rank order", "Population", "Characteristics", "Data")


def report_on(*args, **kwargs):
    """The result without its page, which takes longer than all the numbers."""
    return ReportResult(compute_validation(*args, **kwargs), "")


def status(result):
    return {check.name: check.status for check in result.data.checks}


def checks(**given):
    given = {name.replace("_", " "): value for name, value in given.items()}
    return tuple(Check(n, given.get(n, "green"), "", "", "", "") for n in NAMES)


@pytest.mark.parametrize(
    ("given", "word", "color"),
    [
        ({}, "No action", "green"),
        ({"Ranking": "red", "Level": "red"}, "Redevelop", "red"),
        ({"Level": "red", "Population": "amber"}, "Recalibrate", "red"),
        ({"Population": "red"}, "Watch", "amber"),
        ({"Rank_order": "amber"}, "Watch", "amber"),
        (
            {"Ranking": "not_evaluable", "Level": "not_evaluable"},
            "Not evaluable",
            "not_evaluable",
        ),
        ({"Ranking": "not_evaluable"}, "No action", "green"),
        (
            {"Ranking": "not_evaluable", "Level": "not_evaluable", "Data": "red"},
            "Watch",
            "amber",
        ),
    ],
)
def test_the_first_rule_that_fires_is_the_verdict(given, word, color):
    verdict = judge(checks(**given))
    assert (verdict.word, verdict.status) == (word, color)
    for name in given:
        if given[name] in ("amber", "red"):
            assert name.replace("_", " ") in verdict.reason


def test_limits_belong_to_the_worse_side():
    limits = ReportThresholds()
    assert [psi_status(v, limits) for v in (0.0999, 0.1, 0.2499, 0.25)] == [
        "green",
        "amber",
        "amber",
        "red",
    ]
    assert psi_status(np.inf, limits) == "not_evaluable"
    assert [level_status(p, limits) for p in (0.05, 0.049, 0.009)] == [
        "green",
        "amber",
        "red",
    ]
    assert level_status(np.nan, limits) == "not_evaluable"


def test_a_sample_like_training_needs_no_action(report):
    assert report.verdict.word == "No action"
    assert set(status(report).values()) == {"green"}


def test_a_raised_level_asks_for_recalibration(card, training, sample):
    result = report_on(card, *sample(4000, 3, level=0.8), expected=training)
    assert status(result)["Level"] == "red"
    assert status(result)["Ranking"] != "red"
    assert result.verdict.word == "Recalibrate"


def test_lost_ranking_asks_for_redevelopment(card, training, sample):
    X, y = sample(4000, 4, noise=0.7)
    with_rows = report_on(card, X, y, expected=training)
    from_counts = report_on(card, X, y)
    for result in (with_rows, from_counts):
        assert status(result)["Ranking"] == "red"
        assert result.verdict.word == "Redevelop"


def test_a_shifted_population_is_seen_in_points_and_characteristics(card, sample):
    result = report_on(card, *sample(4000, 5, shift=0.9))
    assert status(result)["Population"] in ("amber", "red")
    assert status(result)["Characteristics"] == "red"
    frame = result.frame("characteristics")
    assert frame["csi"].is_monotonic_decreasing


def test_missing_and_unknown_values_are_a_data_finding(card, sample):
    X, y = sample(4000, 6)
    lost = X.assign(usage=X["usage"].where(np.arange(4000) % 5 > 0))
    result = report_on(card, lost, y)
    assert status(result)["Data"] == "red"
    assert "usage" in result.data.checks[-1].finding
    new = X.assign(region=X["region"].where(np.arange(4000) % 20 > 0, "islands"))
    finding = report_on(card, new, y).data.checks[-1]
    assert finding.status == "red"
    assert "unknown" in finding.finding


def test_few_events_are_not_evaluable(card, sample):
    X, y = sample(4000, 7)
    rows = np.r_[np.flatnonzero(y == 1)[:10], np.flatnonzero(y == 0)[:100]]
    result = report_on(card, X.iloc[rows], y[rows])
    assert status(result)["Ranking"] == "not_evaluable"
    assert status(result)["Level"] == "not_evaluable"


def test_no_event_where_many_were_expected_is_a_finding(card, sample):
    X, _ = sample(4000, 8)
    result = report_on(card, X, np.zeros(4000, int))
    assert status(result)["Level"] == "red"
    assert status(result)["Ranking"] == "not_evaluable"
    assert not result.data.has("cap_curve")
    assert result.to_dict()["tables"]["performance"][5]["actual"] is None


def test_rank_order_breaks(hand_card):
    X = pd.DataFrame({"x": np.repeat([-1.0, 1.0], 500)})
    y = np.zeros(1000, int)
    y[:50] = 1  # 10 % in the risky band
    y[500:600] = 1  # 20 % in the safe one
    result = report_on(hand_card, X, y)
    check = next(c for c in result.data.checks if c.name == "Rank order")
    assert check.status == "red"
    assert check.figure == "1 break"
    y[500:548] = 0  # 52 of 500: a break that chance explains
    check = next(
        c for c in report_on(hand_card, X, y).data.checks if c.name == "Rank order"
    )
    assert check.status == "green"
    assert "1 of 1 neighbouring pairs stands" in check.finding


def test_thresholds_are_policy(card, sample):
    X, y = sample(4000, 2)
    strict = ReportThresholds(psi=(0.0, 0.0), min_events=5)
    result = report_on(card, X, y, thresholds=strict)
    assert status(result)["Population"] == "red"
    assert result.to_dict()["thresholds"]["psi"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"psi": (0.3, 0.1)}, "psi must let amber begin before red"),
        ({"p_value": (0.01, 0.05)}, "p_value must let amber begin"),
        ({"psi": 0.1}, "psi must be a tuple of two numbers"),
        ({"gini_drop": (0.1, -1)}, "gini_drop must be a number >= 0"),
        ({"actual_expected_red": (0.95, 1.05)}, "actual_expected_amber and"),
        ({"unseen": 2}, "unseen must be a number between 0 and 1"),
        ({"min_events": 1}, "min_events must be an integer >= 2"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(given, words):
    with pytest.raises(InvalidParameterError, match=words):
        ReportThresholds(**given)
