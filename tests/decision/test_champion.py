"""Champion against challenger: differences, their error, and the verdict."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from riskkit.decision import champion_challenger
from riskkit.decision._champion_draws import draw_means, grouped_means
from riskkit.decision._champion_rows import approve_safest
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.metrics import auc_delong_test


def sample(n=3_000, seed=0, blur=0.6, sharp=0.1):
    """Return outcomes, the PDs of a blurred model and those of a sharper one."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-2.2, 1.1, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    pds = [
        1 / (1 + np.exp(-log_odds - rng.normal(0, spread, n)))
        for spread in (blur, sharp)
    ]
    return y, *pds


Y, OLD, NEW = sample()


def overall(result):
    frame = result.frame()
    return frame[frame["scope"] == "all"].set_index("measure")


def test_values_are_those_of_scikit_learn():
    table = overall(champion_challenger(Y, OLD, NEW, n_draws=100))
    for measure, function in (
        ("auc", roc_auc_score),
        ("log_loss", log_loss),
        ("brier", brier_score_loss),
    ):
        assert table.loc[measure, "champion"] == pytest.approx(function(Y, OLD))
        assert table.loc[measure, "challenger"] == pytest.approx(function(Y, NEW))
    assert table.loc["log_loss", "improvement"] == pytest.approx(
        log_loss(Y, OLD) - log_loss(Y, NEW)
    )
    assert (table["n"] == Y.size).all()
    assert (table["n_event"] == Y.sum()).all()


def test_auc_is_compared_by_delong():
    row = overall(champion_challenger(Y, OLD, NEW, n_draws=100)).loc["auc"]
    test = auc_delong_test(Y, NEW, OLD)
    assert row["improvement"] == pytest.approx(test.details["difference"])
    assert row["p_value"] == pytest.approx(test.p_value)
    error = test.details["difference"] / test.statistic
    reach = stats.norm.ppf(0.975) * error
    assert row["improvement_high"] - row["improvement"] == pytest.approx(reach)


def test_interval_of_a_mean_is_that_of_the_paired_t_test():
    row = overall(champion_challenger(Y, OLD, NEW, n_draws=4_000)).loc["log_loss"]
    losses = [-np.where(Y == 1, np.log(p), np.log1p(-p)) for p in (OLD, NEW)]
    test = stats.ttest_rel(*losses)
    interval = test.confidence_interval(0.95)
    width = interval.high - interval.low
    assert row["improvement_low"] == pytest.approx(interval.low, abs=0.04 * width)
    assert row["improvement_high"] == pytest.approx(interval.high, abs=0.04 * width)
    assert np.log(row["p_value"]) == pytest.approx(np.log(test.pvalue), rel=0.2)


def test_profit_by_hand():
    y = [0, 1, 0, 0]
    old, new = [0.2, 0.05, 0.3, 0.02], [0.05, 0.5, 0.02, 0.3]
    # Approve below 10 / 110 = 0.0909: the old one rows 2 and 4, the new rows 1 and 3.
    row = overall(champion_challenger(y, old, new, gain=10, loss=100, n_draws=100)).loc[
        "profit"
    ]
    assert row["champion"] == pytest.approx((-100 + 10) / 4)
    assert row["challenger"] == pytest.approx((10 + 10) / 4)
    assert row["improvement"] == pytest.approx((20 + 90) / 4)
    three = overall(
        champion_challenger(
            y, old, new, gain=[10, 10, 20, 40], loss=100, approval_rate=0.75,
            n_draws=100,
        )
    ).loc["profit"]  # fmt: skip
    assert three["champion"] == pytest.approx((10 - 100 + 40) / 4)
    assert three["challenger"] == pytest.approx((10 + 20 + 40) / 4)


def test_equal_pds_share_what_is_left_of_the_approvals():
    share = approve_safest(np.array([0.1, 0.2, 0.2, 0.3]), np.ones(4), 0.5)
    assert share.tolist() == [1, 0.5, 0.5, 0]
    heavy = approve_safest(np.array([0.1, 0.2]), np.array([1.0, 3.0]), 0.5)
    assert heavy.tolist() == [1, pytest.approx(1 / 3)]


def test_a_better_model_is_found():
    result = champion_challenger(Y, OLD, NEW)
    assert result.verdict == "challenger"
    assert "improves the log-loss by +" in result.reason
    assert (overall(result)["better"] == "challenger").all()
    back = champion_challenger(Y, NEW, OLD)
    assert back.verdict == "champion"
    np.testing.assert_allclose(
        overall(back)["improvement"], -overall(result)["improvement"]
    )


def test_a_gain_must_be_worth_it():
    gained = overall(champion_challenger(Y, OLD, NEW)).loc["log_loss", "improvement"]
    result = champion_challenger(Y, OLD, NEW, min_improvement=gained)
    assert result.verdict == "unclear"
    assert "No improvement of 0.0" in result.reason


def test_equal_models_do_not_differ():
    result = champion_challenger(Y, OLD, OLD, gain=1, loss=9)
    assert result.verdict == "unclear"
    table = overall(result)
    assert (table["improvement"] == 0).all()
    assert (table["p_value"] == 1).all()


def test_noise_is_called_a_gain_no_more_often_than_said():
    words = []
    for seed in range(200):
        y, first, second = sample(800, seed, blur=0.4, sharp=0.4)
        words.append(champion_challenger(y, first, second, n_draws=100).verdict)
    # Of 200 cases 2.5 % are 5; more than 12 would happen by chance in 0.2 %.
    assert words.count("challenger") <= 12
    assert words.count("champion") <= 12
    assert words.count("unclear") >= 180


def test_groups_are_compared_on_their_own_rows():
    period = np.where(np.arange(Y.size) < 1_000, "2024", "2025")
    region = np.array(["north", "south"])[np.arange(Y.size) % 2]
    result = champion_challenger(
        Y, OLD, NEW, segments={"region": region}, periods=period
    )
    frame = result.frame()
    assert frame["scope"].unique().tolist() == ["all", "region", "period"]
    alone = champion_challenger(Y[:1_000], OLD[:1_000], NEW[:1_000])
    first = frame[frame["group"] == "2024"].set_index("measure")
    for column in ("n", "n_event", "champion", "challenger", "improvement"):
        np.testing.assert_allclose(first[column], overall(alone)[column])
    assert first.loc["auc", "p_value"] == pytest.approx(
        overall(alone).loc["auc", "p_value"]
    )
    assert (frame["p_adjusted"] >= frame["p_value"] - 1e-15).all()
    groups = frame[(frame["measure"] == "brier") & (frame["scope"] != "all")]
    order = np.sort(groups["p_value"])
    assert groups["p_adjusted"].min() == pytest.approx(min(1.0, 4 * order[0]))


def test_a_challenger_worse_in_a_segment_is_mixed():
    y, blurred, sharp = sample(6_000, blur=1.0)
    online = np.arange(y.size) % 10 == 0
    spoiled = np.where(online, 0.3, sharp)
    segment = np.where(online, "online", "branch")
    result = champion_challenger(y, blurred, spoiled, segments=segment)
    assert result.verdict == "mixed"
    assert any("in segment 'online'" in text for text in result.concerns)
    assert result.reason.endswith("It is worse elsewhere.")


def test_thin_groups_have_no_say():
    group = np.array(["rest"] * Y.size, dtype=object)
    group[np.flatnonzero(Y == 1)[:5]] = "thin"
    frame = champion_challenger(Y, OLD, NEW, segments=group).frame()
    thin = frame[frame["group"] == "thin"]
    assert (thin["better"] == "not_evaluable").all()
    assert thin["reason"].iloc[0] == "fewer than 20 events or non-events"
    assert thin[["p_value", "improvement_low"]].isna().all(axis=None)
    few = champion_challenger(Y[:30], OLD[:30], NEW[:30])
    assert few.verdict == "not_evaluable"


def test_a_certain_pd_that_was_wrong_is_told():
    wrong = NEW.copy()
    wrong[np.flatnonzero(Y == 1)[0]] = 0.0
    group = np.where(np.arange(Y.size) > Y.size // 2, "late", "early")
    result = champion_challenger(Y, OLD, wrong, segments=group)
    assert result.verdict == "not_evaluable"
    assert "a PD of 0 or 1 against the outcome" in result.reason
    table = overall(result)
    assert table.loc["log_loss", "challenger"] == np.inf
    assert table.loc["auc", "better"] == "challenger"
    frame = result.frame().set_index(["group", "measure"])
    assert frame.loc[("late", "log_loss"), "better"] == "challenger"
    assert frame.loc[("early", "log_loss"), "better"] == "not_evaluable"


def test_weights_are_rows():
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, Y.size)
    row = np.repeat(np.arange(Y.size), weight)
    weighted = overall(
        champion_challenger(Y, OLD, NEW, sample_weight=weight, gain=1, loss=8)
    )
    repeated = overall(champion_challenger(Y[row], OLD[row], NEW[row], gain=1, loss=8))
    same = ["n", "n_event", "champion", "challenger", "improvement"]
    pd.testing.assert_frame_equal(weighted[same], repeated[same])
    width = repeated["improvement_high"] - repeated["improvement_low"]
    for end in ("improvement_low", "improvement_high"):
        assert (abs(weighted[end] - repeated[end]) < 0.15 * width).all()


def test_the_seed_decides_and_rows_may_come_in_any_order():
    first = champion_challenger(Y, OLD, NEW, random_state=3)
    assert first == champion_challenger(Y, OLD, NEW, random_state=3)
    order = np.random.default_rng(0).permutation(Y.size)
    moved = champion_challenger(Y[order], OLD[order], NEW[order], gain=1, loss=9)
    assert moved.verdict == first.verdict


def test_result_in_a_notebook_and_as_data():
    result = champion_challenger(Y, OLD, NEW)
    assert "<b>challenger</b>" in result._repr_html_()
    assert repr(result).startswith("<ChampionChallengerResult challenger: ")
    assert result.to_dict()["measure"] == "log_loss"
    assert len(result.to_dict()["columns"]["better"]) == 3


@given(st.integers(0, 10_000))
def test_means_of_unions_are_plain_means(seed):
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 3, 40)
    cells[:3] = [0, 1, 2]
    values, weight = rng.normal(size=(40, 2)), rng.random(40) + 0.1
    unions = np.array([[1.0, 1, 1], [1, 0, 1], [0, 1, 0]])
    found = grouped_means(values, weight, cells, unions)
    for group, members in enumerate(unions):
        inside = members[cells] == 1
        expected = np.average(values[inside], axis=0, weights=weight[inside])
        np.testing.assert_allclose(found[group], expected)


def test_draws_have_the_spread_of_the_mean():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(500, 1))
    cells, unions = np.zeros(500, dtype=int), np.ones((1, 1))
    for weight in (np.ones(500), np.full(500, 2.0)):
        draws = draw_means(values, weight, cells, unions, 3_000, rng)
        error = values.std() / np.sqrt(weight.sum())
        assert draws.std() == pytest.approx(error, rel=0.05)
        assert draws.mean() == pytest.approx(values.mean(), abs=0.1 * error)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"challenger": NEW[:-1]}, InvalidInputError, "each of the 3000 rows"),
        ({"challenger": NEW * 100}, InvalidInputError, "auc_delong_test"),
        ({"champion": np.where(Y, np.nan, OLD)}, InvalidInputError, "known in every"),
        ({"y": np.zeros(Y.size)}, InvalidTargetError, "1 class"),
        ({"y": np.where(Y, np.nan, 0.0)}, InvalidTargetError, "known in every row"),
        ({"gain": 1}, InvalidParameterError, "belong together"),
        ({"measure": "profit"}, InvalidParameterError, "needs gain and loss"),
        ({"approval_rate": 0.5}, InvalidParameterError, "needs gain and loss"),
        ({"measure": "gini"}, InvalidParameterError, "measure must be one of"),
        ({"min_improvement": -1}, InvalidParameterError, "min_improvement"),
        ({"min_events": 1}, InvalidParameterError, "min_events"),
        ({"n_draws": 10}, InvalidParameterError, "n_draws"),
        ({"level": 1}, InvalidParameterError, "level"),
        ({"periods": Y[:-1]}, InvalidInputError, "period must hold one value"),
        ({"sample_weight": -np.ones(Y.size)}, InvalidParameterError, "not negative"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    arguments = {"y": Y, "champion": OLD, "challenger": NEW} | change
    with pytest.raises(error, match=words):
        champion_challenger(**arguments)
