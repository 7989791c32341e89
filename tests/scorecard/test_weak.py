"""Weak characteristics: which enter, which are turned, and what chance is."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, kstest

from riskkit.binning import ManualBinner, OptimalBinner
from riskkit.scorecard import ScorecardClassifier
from riskkit.scorecard._chance import chance_of, free_parameters


def masked(n=8_000):
    """Return a guarantee that the riskier line gets, and that lowers the risk."""
    rng = np.random.default_rng(0)
    line = rng.random(n) < 0.5
    guarantee = rng.random(n) < np.where(line, 0.8, 0.3)
    z = 1.5 * line - 0.6 * guarantee - 2
    X = pd.DataFrame({"line": line, "guarantee": guarantee}, dtype=float)
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def turned(card):
    return card.coefficient_table_.query("turned")["characteristic"].tolist()


def test_a_weak_characteristic_is_turned_where_the_others_reveal_it():
    X, y = masked()
    card = ScorecardClassifier().fit(X, y)
    ivs = {n: t.iv for n, t in card.binner_.binning_tables_.items()}
    (name,) = turned(card)
    assert ivs[name] == min(ivs.values()) < 0.02
    assert card.coefficients_[name] > 0
    other = (set(X) - {name}).pop()
    assert card.coefficients_[other] < 0
    # What its bins are worth is the other way round, in points too.
    points = card.points_table().query("characteristic == @name and n > 0")
    table = card.binner_.binning_tables_[name]
    woe = table.woe[table.n > 0]
    assert np.corrcoef(woe, points["points"])[0, 1] < -0.9


def test_nothing_is_turned_without_weak_ones():
    X, y = masked()
    card = ScorecardClassifier(weak_iv=0).fit(X, y)
    assert not turned(card)
    assert all(c < 0 for c in card.coefficients_.values())
    assert "turn its direction" in " ".join(card.left_out_.values())


def test_a_strong_characteristic_is_never_turned():
    rng = np.random.default_rng(1)
    x = rng.normal(size=6_000)
    echo = x + 0.5 * rng.normal(size=6_000)
    y = rng.random(6_000) < 1 / (1 + np.exp(2 - 2 * x + 0.8 * echo))
    card = ScorecardClassifier().fit(pd.DataFrame({"x": x, "echo": echo}), y)
    assert card.binner_.binning_tables_["echo"].iv > 0.02
    assert card.left_out_["echo"].startswith("its coefficient would turn")


def test_a_must_have_is_not_turned():
    X, y = masked()
    name = turned(ScorecardClassifier().fit(X, y))[0]
    with pytest.warns(UserWarning, match=f"must-have '{name}' has no place"):
        card = ScorecardClassifier(must_have=[name]).fit(X, y)
    assert name not in card.coefficients_


def test_noise_is_hardly_ever_turned_and_half_of_it_kept_out():
    n_in = {0.15: 0, 0.01: 0}
    n_turned = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = pd.DataFrame(rng.normal(size=(4_000, 6)), columns=list("abcdef"))
        y = rng.random(4_000) < 1 / (1 + np.exp(2 - X["a"]))
        for p_chance in n_in:
            card = ScorecardClassifier(p_chance=p_chance).fit(X, y)
            n_turned += len(turned(card))
            n_in[p_chance] += len(card.coefficients_) - 1
    assert n_turned <= 2  # 100 columns of noise, asked at one in a thousand
    # Bins that were searched for look a little stronger than the chi-square takes into
    # account, so more than the level are let in; the optimism charge takes back a part.
    assert n_in[0.15] <= 70
    assert n_in[0.01] <= 25


def test_weight_of_two_is_the_row_twice_with_turned_ones():
    X, y = masked(n=6_000)
    w = np.random.default_rng(0).integers(1, 3, len(y))
    rows = np.repeat(np.arange(len(y)), w)
    a = ScorecardClassifier().fit(X, y, sample_weight=w)
    b = ScorecardClassifier().fit(X.iloc[rows], y[rows])
    assert turned(a) == turned(b) != []
    assert_allclose(
        list(a.coefficients_.values()), list(b.coefficients_.values()), rtol=1e-6
    )


def test_free_parameters_by_hand():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=2_000), "c": rng.choice(list("uvw"), 2_000)})
    X.loc[:300, "x"] = np.nan
    y = rng.random(2_000) < 0.3
    given = ManualBinner({"x": [-1, 0, 1], "c": [["u"], ["v", "w"]]}).fit(X, y)
    tables = list(given.binning_tables_.values())
    # Four bins of numbers and the missing one, less one; two groups, less one.
    assert_array_equal(free_parameters(tables, searched=False), [4, 1])
    # Three edges more; three levels instead of two groups.
    assert_array_equal(free_parameters(tables, searched=True), [7, 2])


def test_chance_of_given_bins_is_uniform_without_evidence():
    p = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        X = pd.DataFrame({"x": rng.normal(size=3_000)})
        y = rng.random(3_000) < 0.3
        tables = list(
            ManualBinner({"x": [-1, 0, 1]}, smoothing=0)
            .fit(X, y)
            .binning_tables_.values()
        )
        free = free_parameters(tables, searched=False)
        (chance,) = chance_of(tables, free)
        p.append(chance)
        t = tables[0]
        stat = t.iv * t.n_event.sum() * t.n_nonevent.sum() / t.n.sum()
        assert_allclose(chance, chi2.sf(stat, 3), rtol=1e-12)
    assert kstest(p, "uniform").pvalue > 0.01


def test_chance_takes_the_search_for_bins_into_account():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(3_000, 200))).add_prefix("x")
    y = rng.random(3_000) < 0.3
    binner = OptimalBinner(min_bin_size=0.03, verbose=False).fit(X, y)
    tables = [t for t in binner.binning_tables_.values() if np.any(t.woe)]
    searched = chance_of(tables, free_parameters(tables, searched=True))
    given = chance_of(tables, free_parameters(tables, searched=False))
    # The two are as far from the level as the bins that were searched were lucky.
    assert np.mean(given < 0.1) > 0.6
    assert np.mean(searched < 0.1) < 0.45
