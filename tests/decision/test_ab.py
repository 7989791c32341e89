"""Arms of an experiment: formulas, levels under peeking, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import brentq, minimize_scalar

from riskkit.decision import ab_sample_size, ab_test
from riskkit.decision._ab_compare import ArmSums, Question, follow_arms
from riskkit.decision._mixture import best_ratio, log_mixture, mixture_reach
from riskkit.decision._two_rates import rate_difference_interval, rate_difference_z
from riskkit.exceptions import InvalidInputError, InvalidParameterError

N = 8_000
RNG = np.random.default_rng(1)
ARM = np.where(RNG.random(N) < 0.5, "new", "old")
DAY = np.sort(np.datetime64("2024-01-01") + RNG.integers(0, 60, N))
FUNDED = RNG.random(N) < np.where(ARM == "new", 0.14, 0.10)
SAME = RNG.random(N) < 0.1
PLAN = {"control": "old", "best": "high", "n_planned": N}


def one(*values):
    return [np.array([float(value)]) for value in values]


# Two rates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # R. Newcombe, "Interval estimation for the difference between independent
        # proportions", Statistics in Medicine 17, 1998, table II, method 6.
        ((56, 70, 48, 80), 0.0528, 0.3382),
        ((9, 10, 3, 10), 0.1700, 0.8406),
    ],
)
def test_published_intervals_of_two_rates(counts, low, high):
    found = np.ravel(rate_difference_interval(*one(*counts), 0.95))
    assert_allclose(found, [low, high], atol=5e-5)


@given(
    st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1),
    st.floats(-0.95, 0.95),
)  # fmt: skip
def test_the_likeliest_rates_are_found(n, n_0, a, b, d):
    x, x_0 = round(a * n), round(b * n_0)

    def loss(p):
        q = min(max(p + d, 1e-300), 1.0)
        p = min(max(p, 1e-300), 1.0)
        terms = ((x, q), (n - x, 1 - q), (x_0, p), (n_0 - x_0, 1 - p))
        return -sum(k * np.log(max(r, 1e-300)) for k, r in terms if k)

    ends = max(0.0, -d), min(1.0, 1.0 - d)
    p = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
    p = min((p, *ends), key=loss)
    spread = (p + d) * (1 - p - d) / n + p * (1 - p) / n_0
    error = np.sqrt(max(spread, 0.0) * (n + n_0) / (n + n_0 - 1))
    gap = x / n - x_0 / n_0 - d
    z = rate_difference_z(*one(x, n, x_0, n_0, d))[0]
    if error > 1e-6:
        assert_allclose(z, gap / error, rtol=1e-4, atol=1e-5)


@given(st.integers(1, 40), st.integers(2, 40), st.floats(0, 1), st.floats(0, 1))
def test_the_interval_turns_with_the_arms(n, n_0, a, b):
    x, x_0 = round(a * n), round(b * n_0)
    low, high = rate_difference_interval(*one(x, n, x_0, n_0), 0.9)
    turned = rate_difference_interval(*one(x_0, n_0, x, n), 0.9)
    assert_allclose([low, high], [-turned[1], -turned[0]], atol=1e-9)
    assert -1 <= low <= x / n - x_0 / n_0 <= high <= 1


def test_no_difference_is_the_pooled_test():
    table = np.array([[30, 170], [45, 155]])
    chi = stats.chi2_contingency(table, correction=False).statistic
    z = rate_difference_z(*one(30, 200, 45, 200, 0))[0]
    assert_allclose(z, -np.sqrt(chi * 399 / 400))


# Always-valid formulas ---------------------------------------------------------------


def test_the_mixture_is_the_integral_it_stands_for():
    n, tau, z = 40.0, 0.3, 1.7
    # Drift theta of a Brownian motion that stands at z sqrt(n) after the time n.
    theta = np.linspace(-8 * tau, 8 * tau, 200_001)
    ratio = np.exp(theta * z * np.sqrt(n) - theta**2 * n / 2)
    integral = np.trapezoid(ratio * stats.norm.pdf(theta, 0, tau), theta)
    assert_allclose(log_mixture(*one(z, tau**2 * n)), np.log(integral), rtol=1e-9)


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.2])
def test_the_interval_ends_where_the_test_rejects(alpha):
    for ratio in (0.1, 1.0, 30.0):
        reach = mixture_reach(np.array([ratio]), alpha)
        assert_allclose(log_mixture(reach, np.array([ratio])), np.log(1 / alpha))
    best = best_ratio(alpha)
    assert_allclose(best, np.log1p(best) - 2 * np.log(alpha))
    around = mixture_reach(best * np.array([0.9, 1.0, 1.1]), alpha)
    assert around.argmin() == 1


def walk(rate, size, share, rng, shape=None):
    """Return the sums after every row of an experiment."""
    arm = np.where(rng.random(size) < share, 1, 0)
    if shape is None:
        y = (rng.random(size) < rate[arm]).astype(float)
    else:
        y = rng.gamma(shape, 1.0, size) + rate[arm]
    masks = np.stack([arm == 0, arm == 1], axis=1)
    powers = (np.ones(size), y, y**2)
    return ArmSums(*(np.cumsum(masks * p[:, None], axis=0) for p in powers))


@pytest.mark.parametrize(
    ("measure", "rates", "share", "shape", "many"),
    [
        ("rate", (0.10, 0.10), 0.5, None, 5),
        ("rate", (0.03, 0.03), 0.3, None, 2),
        ("mean", (0.0, 0.0), 0.5, 1.0, 5),
    ],
)
def test_looking_after_every_row_keeps_the_level(measure, rates, share, shape, many):
    rng = np.random.default_rng(8)
    size, n_trials = 4_000, 600
    least = {"rate": 20, "mean": 100}[measure]
    question = Question(measure, 1.0, 0.0, least, size, 0.95, 0.0)
    n_always = n_naive = 0
    for _ in range(n_trials):
        sums = walk(np.array(rates), size, share, rng, shape)
        path = follow_arms(sums, question)
        n_always += path["p_value"][-1, 0] < 0.05
        error = np.sqrt((sums.variance / np.maximum(sums.n, 1)).sum(axis=1))
        seen = ~np.isnan(path["low_now"][:, 0])
        z = np.abs(path["difference"][seen, 0]) / error[seen]
        n_naive += (z > stats.norm.ppf(0.975)).any()
    # Below the level beyond what so few trials could show by chance.
    assert n_always <= stats.binom.ppf(0.95, n_trials, 0.05)
    assert n_naive / n_trials > many * 0.05


def test_a_difference_is_found_and_mostly_before_the_end():
    rng = np.random.default_rng(3)
    size = ab_sample_size(0.10, 0.03, stopping="any").n_total
    question = Question("rate", 1.0, 0.0, 20, size, 0.95, 0.0)
    found = []
    for _ in range(200):
        path = follow_arms(walk(np.array([0.1, 0.13]), size, 0.5, rng), question)
        hits = np.flatnonzero(path["p_better"][:, 0] < 0.05)
        found.append(hits[0] if hits.size else size)
    found = np.array(found)
    assert 0.77 < (found < size).mean() < 0.95
    # Half of the experiments end with no more rows than one look would have needed.
    assert np.median(found) < ab_sample_size(0.10, 0.03).n_total * 1.4


def test_the_path_is_the_formula_at_each_day():
    result = ab_test(FUNDED, ARM, dates=DAY, **PLAN)
    path = result.frame("path")
    low, high, smallest = -np.inf, np.inf, 1.0
    for k, day in enumerate(np.unique(DAY)):
        rows = day >= DAY
        new, old = FUNDED[rows & (ARM == "new")], FUNDED[rows & (ARM == "old")]
        d = new.mean() - old.mean()
        error = np.sqrt(new.var(ddof=1) / new.size + old.var(ddof=1) / old.size)
        ratio = best_ratio(0.05) * rows.sum() / N
        least = min(new.sum(), old.sum())
        assert path.loc[k, "n"] == rows.sum()
        assert_allclose(path.loc[k, "difference"], d, atol=1e-12)
        if least >= 20:
            reach = mixture_reach(np.array([ratio]), 0.05)[0] * error
            low, high = max(low, d - reach), min(high, d + reach)
            z2 = (d / error) ** 2
            one_look = np.sqrt(1 + ratio) * np.exp(-z2 * ratio / (1 + ratio) / 2)
            smallest = min(smallest, one_look)
        assert_allclose(path.loc[k, "always_p_value"], smallest)
        assert_allclose(
            path.loc[k, ["always_low", "always_high"]].tolist(), [low, high]
        )
    last = result.frame().iloc[0]
    assert_allclose([last["always_low"], last["always_high"]], [low, high])
    assert result.verdict == "better"
    assert (last["always_low"] > 0) == (last["always_p_value"] < 0.05)


# One look ----------------------------------------------------------------------------


def test_means_are_welchs():
    amounts = np.random.default_rng(0).gamma(2.0, 400.0, N) + 60 * (ARM == "new") + 1e9
    result = ab_test(amounts, ARM, measure="mean", stopping="planned", **PLAN)
    new, old = amounts[ARM == "new"], amounts[ARM == "old"]
    expected = stats.ttest_ind(new, old, equal_var=False)
    row = result.frame().iloc[0]
    assert_allclose(row["p_value"], expected.pvalue, rtol=1e-5)
    interval = expected.confidence_interval(0.95)
    assert_allclose([row["low"], row["high"]], interval, rtol=1e-5)
    assert result.verdict == "better"
    arms = result.frame("arms").set_index("arm")
    assert_allclose(arms.loc["new", "value"], new.mean())
    half = stats.t.ppf(0.975, new.size - 1) * stats.sem(new)
    assert_allclose(arms.loc["new", "high"] - new.mean(), half, rtol=1e-5)


def test_what_is_best_turns_the_verdict():
    assert ab_test(FUNDED, ARM, **PLAN).verdict == "better"
    worse = ab_test(FUNDED, ARM, **PLAN | {"best": "low"})
    assert worse.verdict == "worse"
    assert "'new' is worse: 0.1" in worse.reason
    assert ab_test(SAME, ARM, **PLAN).verdict == "unclear"
    assert ab_test(FUNDED, ARM, min_improvement=0.03, **PLAN).verdict == "unclear"


def test_one_look_waits_for_the_plan():
    args = {"stopping": "planned"} | PLAN
    early = ab_test(FUNDED[:4_000], ARM[:4_000], **args)
    assert early.verdict == "not_evaluable"
    assert "4,000 of 8,000 planned rows" in early.reason
    assert ab_test(FUNDED, ARM, **args).verdict == "better"


def test_many_arms_are_many_questions():
    rng = np.random.default_rng(2)
    arm = rng.choice(["old", "a", "b", "c"], N)
    won = rng.random(N) < np.where(arm == "b", 0.17, 0.10)
    result = ab_test(won, arm, **PLAN)
    frame = result.frame().set_index("arm")
    assert result.verdict == "better"
    assert frame["verdict"].to_dict() == {"a": "unclear", "b": "better", "c": "unclear"}
    for kind in ("p", "always_p"):
        order = np.argsort(frame[f"{kind}_value"])
        raw = frame[f"{kind}_value"].to_numpy()[order]
        holm = np.minimum(np.maximum.accumulate(raw * [3, 2, 1]), 1)
        assert_allclose(frame[f"{kind}_adjusted"].to_numpy()[order], holm)
    # As many questions of one kind rarely raise an alarm where there is nothing.
    alarms = 0
    for _ in range(40):
        quiet = rng.random(N) < 0.1
        alarms += ab_test(quiet, rng.choice(["old", "a", "b", "c"], N),
                          **PLAN).verdict in ("better", "worse")  # fmt: skip
    assert alarms <= 5


def test_a_segment_can_speak_against():
    segment = np.where(np.arange(N) % 2, "web", "branch")
    hurt = np.where((segment == "web") & (ARM == "new"), SAME & (np.arange(N) % 3 == 0),
                    FUNDED)  # fmt: skip
    hurt = np.where((segment == "branch") & (ARM == "new"), np.arange(N) % 3 == 0, hurt)
    result = ab_test(hurt, ARM, segments={"channel": segment}, **PLAN)
    assert result.verdict == "mixed"
    assert result.concerns[0].startswith("'new' is worse in channel 'web': -")
    arms = result.frame("arms")
    parts = arms[arms["scope"] == "channel"].groupby("arm")[["n", "n_event"]].sum()
    whole = arms[arms["scope"] == "all"].set_index("arm")[["n", "n_event"]]
    pd.testing.assert_frame_equal(parts, whole.loc[parts.index])


def test_an_effect_that_wears_off_is_a_concern():
    early = np.arange(N) < N // 5
    lift = np.where(ARM == "new", np.where(early, 0.35, 0.05), 0.1)
    won = np.random.default_rng(0).random(N) < lift
    result = ab_test(won, ARM, dates=DAY, **PLAN)
    assert "nothing in common" in result.concerns[0]


# Sample ratio and maturity -----------------------------------------------------------


def test_a_sample_ratio_mismatch_refuses_the_verdict():
    lost = (ARM == "new") & ~FUNDED & (np.arange(N) % 5 == 0)
    result = ab_test(FUNDED[~lost], ARM[~lost], **PLAN)
    n = pd.Series(ARM[~lost]).value_counts()
    assert_allclose(result.ratio_p_value, stats.chisquare(n).pvalue)
    assert result.verdict == "not_evaluable"
    assert "do not hold the planned shares" in result.reason
    assert result.frame()["p_value"].notna().all()
    planned = {"old": n["old"] / n.sum(), "new": n["new"] / n.sum()}
    assert ab_test(FUNDED[~lost], ARM[~lost], planned=planned, **PLAN).verdict != (
        "not_evaluable"
    )


def test_immature_rows_are_counted_and_left_out():
    y = np.where(np.datetime64("2024-02-01") <= DAY, np.nan, FUNDED)
    result = ab_test(y, ARM, dates=DAY, window=6, reporting_delay=1, as_of="2024-08-31",
                     **PLAN)  # fmt: skip
    mature = np.datetime64("2024-01-31") >= DAY
    arms = result.frame("arms").set_index("arm")
    for arm in ("old", "new"):
        assert arms.loc[arm, "n"] == (mature & (arm == ARM)).sum()
        assert arms.loc[arm, "n_immature"] == (~mature & (arm == ARM)).sum()
        assert arms.loc[arm, "n_assigned"] == (arm == ARM).sum()
    days = result.frame("path")["day"]
    assert (days.iloc[0], days.iloc[-1]) == ("2024-08-01", "2024-08-31")
    # The mismatch is one of all assigned rows, not of the mature ones.
    assert_allclose(
        result.ratio_p_value, stats.chisquare(arms["n_assigned"].to_numpy()).pvalue
    )


def test_weights_are_rows_and_order_does_not_matter():
    weight = np.random.default_rng(0).integers(0, 3, N)
    row = np.random.default_rng(1).permutation(np.repeat(np.arange(N), weight))
    weighted = ab_test(FUNDED, ARM, dates=DAY, sample_weight=weight, **PLAN)
    repeated = ab_test(FUNDED[row], ARM[row], dates=DAY[row], **PLAN)
    for table in ("comparisons", "arms", "path"):
        pd.testing.assert_frame_equal(weighted.frame(table), repeated.frame(table))


def test_result_in_a_notebook_and_as_data():
    result = ab_test(FUNDED, ARM, dates=DAY, **PLAN)
    assert "<b>better</b>" in result._repr_html_()
    assert repr(result).startswith("<ABTestResult better: 'new' is better")
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["verdict"] == "better"
    assert len(plain["tables"]["path"]) == np.unique(DAY).size
    # An interval without an end is no number of JSON.
    assert plain["tables"]["path"][0]["always_low"] is None
    few = ab_test(FUNDED[:200], ARM[:200], **PLAN)
    assert few.verdict == "not_evaluable"
    assert "fewer than 20 events" in few.reason


# Sample size -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("baseline", "difference", "ratio"),
    [(0.10, 0.04, 1.0), (0.3, -0.08, 2.0), (0.05, 0.05, 0.5)],
)
def test_the_power_is_what_was_asked_for(baseline, difference, ratio):
    size = ab_sample_size(baseline, difference, ratio=ratio, power=0.9)
    x_0 = np.arange(size.n_control + 1.0)[:, None]
    x = np.arange(size.n_arm + 1.0)[None, :]
    grid = np.broadcast_arrays(x, size.n_arm, x_0, size.n_control, 0.0)
    z = rate_difference_z(*(part.astype(float) for part in grid))
    found = np.sign(difference) * z > stats.norm.ppf(0.975)
    # Every pair of counts there can be, with its probability.
    chance = stats.binom.pmf(x_0, size.n_control, baseline) * stats.binom.pmf(
        x, size.n_arm, baseline + difference
    )
    assert_allclose(chance[found].sum(), 0.9, atol=0.012)


def test_the_size_for_means():
    size = ab_sample_size(0.0, 20.0, measure="mean", spread=100.0, power=0.85, ratio=2)
    by_hand = (1.959964 + 1.036433) ** 2 * 1.5 * 25
    assert size.n_control == int(np.ceil(by_hand))
    assert size.n_total == size.n_control + size.n_arm

    def power(n):
        shift = 20.0 / (100.0 * np.sqrt(1.5 / n))
        return stats.norm.sf(1.959964 - shift) - 0.85

    assert size.n_control == int(np.ceil(brentq(power, 10, 1e4)))


def test_more_arms_and_more_looks_need_more_rows():
    two = ab_sample_size(0.1, 0.02)
    assert ab_sample_size(0.1, 0.02, n_arms=4).n_arm > two.n_arm
    assert ab_sample_size(0.1, 0.02, stopping="any").n_arm > two.n_arm
    assert ab_sample_size(0.1, 0.01).n_arm > 3 * two.n_arm
    assert two.to_dict()["power"] == 0.8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"baseline": 10.0}, "2 % is 0.02"),
        ({"min_difference": 0.95}, "rates between 0 and 1"),
        ({"min_difference": 0.0}, "must not be 0"),
        ({"measure": "mean"}, "spread must be given"),
        ({"measure": "mean", "spread": -1.0}, "spread must be above 0"),
        ({"ratio": 0.0}, "ratio must be above 0"),
        ({"power": 0.2}, "power must be at least"),
        ({"n_arms": 1}, "n_arms"),
        ({"stopping": "soon"}, "stopping must be one of"),
    ],
)
def test_sizes_that_are_refused(arguments, words):
    with pytest.raises(InvalidParameterError, match=words):
        ab_sample_size(**{"baseline": 0.1, "min_difference": 0.02} | arguments)


# Bad input ---------------------------------------------------------------------------

TWICE = np.arange(N)
TWICE[1] = 0


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"arm": ARM[:-1]}, InvalidInputError, "each of the 8000 rows"),
        ({"arm": np.full(N, "old")}, InvalidInputError, "at least two arms; got 1"),
        (
            {"arm": np.where(np.arange(N) < 3, None, ARM)},
            InvalidInputError,
            "3 of 8000 are missing",
        ),
        ({"control": "odl"}, InvalidParameterError, "Did you mean 'old'"),
        ({"outcome": FUNDED * 2.0}, InvalidInputError, "0 or 1 for measure='rate'"),
        (
            {"outcome": np.where(np.arange(N) < 2, np.nan, FUNDED)},
            InvalidInputError,
            "2 of 8000 are not. Who did not respond has 0",
        ),
        ({"units": TWICE}, InvalidInputError, "1 of 7999 stand in several rows"),
        ({"units": [None] * N}, InvalidInputError, "units must be known"),
        ({"planned": {"old": 0.5}}, InvalidParameterError, "must name the arms"),
        (
            {"planned": {"old": 0.5, "new": 0.4}},
            InvalidParameterError,
            "add up to 1",
        ),
        ({"window": 6}, InvalidParameterError, "got no dates"),
        ({"as_of": "2024-08-01"}, InvalidParameterError, "belong to a performance"),
        (
            {"window": 6, "dates": DAY, "as_of": "2024-04-01"},
            InvalidInputError,
            "the first will be on 2024-07-01",
        ),
        ({"dates": DAY.astype(str)}, InvalidInputError, "Read the column as dates"),
        ({"best": "higher"}, InvalidParameterError, "best must be one of"),
        ({"n_planned": 0}, InvalidParameterError, "n_planned"),
        ({"measure": "median"}, InvalidParameterError, "measure must be one of"),
        ({"min_improvement": -0.1}, InvalidParameterError, "min_improvement"),
        ({"level": 1.0}, InvalidParameterError, "level"),
    ],
)
def test_bad_experiments_are_refused(change, error, words):
    arguments = {"outcome": FUNDED, "arm": ARM} | PLAN | change
    with pytest.raises(error, match=words):
        ab_test(**arguments)
