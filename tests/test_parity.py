"""One number everywhere: estimator, batch scorer and single-row scorer."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from riskkit.binning import OptimalBinner
from riskkit.calibration import (
    BetaCalibrator,
    CalibratedPD,
    IsotonicCalibrator,
    LogitPlattCalibrator,
    PriorCorrection,
    VennAbersCalibrator,
)
from riskkit.datasets import make_loan_book
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scaling import MasterScale
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

N_ROWS = 10_000


@pytest.fixture(scope="module")
def book():
    return make_loan_book(8_000, default_rate=0.1, missing_rate=0.1, random_state=1)


@pytest.fixture(scope="module")
def card(book):
    binner = OptimalBinner(special_codes=book.special_codes)
    return ScorecardClassifier(binner, min_iv=0.0).fit(book.data, book.target)


@pytest.fixture(scope="module")
def scorer(card, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "card.rk"
    save_artifact(card, path)
    return load_scorer(path)


@pytest.fixture(scope="module")
def hard_rows(card):
    """Rows of ordinary values, edges and their neighbours, specials and the unseen."""
    rng = np.random.default_rng(7)
    columns = {}
    for name in card.feature_names_in_:
        feature = card.binner_.binning_tables_[name].feature
        if feature.kind == "numeric":
            edges = np.array(feature.edges or (0.0,))
            pool = np.concatenate(
                [
                    edges,
                    np.nextafter(edges, -np.inf),
                    np.nextafter(edges, np.inf),
                    [code for group in feature.special for code in group.codes],
                    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -1e300, 5e-324],
                    rng.normal(edges.mean(), np.abs(edges).max() + 1.0, 40),
                ]
            )
            columns[name] = rng.choice(pool, N_ROWS)
        else:
            known = [level for group in feature.levels for level in group]
            pool = [*known, None, "never heard of", ""]
            columns[name] = [pool[k] for k in rng.integers(0, len(pool), N_ROWS)]
    return pd.DataFrame(columns)


def test_the_model_has_both_kinds_and_special_codes(card):
    features = [item.feature for item in card.spec_.characteristics]
    assert {feature.kind for feature in features} == {"numeric", "categorical"}
    assert any(feature.special for feature in features)


def test_estimator_batch_and_single_row_agree_to_the_bit(card, scorer, hard_rows):
    pd_, points = card.predict_proba(hard_rows)[:, 1], card.predict_points(hard_rows)
    batch = scorer.score_batch(hard_rows)
    assert_array_equal(batch.pd, pd_)
    assert_array_equal(batch.points, points)
    assert_array_equal(batch.log_odds, card.decision_function(hard_rows))
    singles = [scorer.score(record) for record in hard_rows.to_dict("records")]
    assert_array_equal([single.pd for single in singles], pd_)
    assert_array_equal([single.points for single in singles], points)


def test_reasons_agree(card, scorer, hard_rows):
    some = hard_rows.head(2_000)
    frame = reason_codes(card, some, n=4)
    texts = frame.filter(regex="^reason").to_numpy(object)
    for row, record in enumerate(some.to_dict("records")):
        expected = [text for text in texts[row] if isinstance(text, str)]
        assert [r.text for r in scorer.score(record).reasons] == expected


def test_polars_scores_the_same(card, scorer, hard_rows):
    assert_array_equal(
        scorer.score_batch(pl.from_pandas(hard_rows)).pd,
        card.predict_proba(hard_rows)[:, 1],
    )


def test_scoring_loads_the_standard_library_alone(card, tmp_path):
    save_artifact(card, tmp_path / "card.rk")
    record = dict.fromkeys(card.feature_names_in_)
    code = (
        "import sys\n"
        "from riskkit.serving import load_scorer\n"
        f"result = load_scorer({str(tmp_path / 'card.rk')!r}).score({record!r})\n"
        "assert 0 < result.pd < 1\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'optbinning', 'xgboost',\n"
        "         'lightgbm', 'narwhals', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# From the log-odds to the calibrated PD, its correction and the grade -----------------

CALIBRATORS = [
    LogitPlattCalibrator(),
    BetaCalibrator(),
    IsotonicCalibrator(min_n_event=0),
    IsotonicCalibrator(min_n_event=0, interpolation="step"),
    VennAbersCalibrator(),
]


def agree(path, rows, columns):
    """Check that records and batches of any kind give these columns, to the bit."""
    scorer = load_scorer(path)
    for table in (rows, pl.from_pandas(rows)):
        batch = scorer.score_batch(table).to_dict()
        for name, values in columns.items():
            assert_array_equal(batch[name], values)
    singles = [scorer.score(record).to_dict() for record in rows.to_dict("records")]
    for name, values in columns.items():
        if name in {"pd_low", "pd_high"}:
            got = [single["interval"][name == "pd_high"] for single in singles]
        else:
            got = [single[name] for single in singles]
        assert_array_equal(np.array(got, dtype=values.dtype), values)


@pytest.mark.parametrize("segments", [None, "purpose", "branch"])
@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=str)
@pytest.mark.filterwarnings("ignore::riskkit.exceptions.RiskkitWarning")
def test_the_whole_chain_agrees(book, card, hard_rows, tmp_path, calibrator, segments):
    """A segment column that the card does not see is a further field of the record."""
    rng = np.random.default_rng(3)
    branches = np.array(["north", "süd", "3", None], dtype=object)
    X = book.data.assign(branch=rng.choice(branches, len(book.data)))
    rows = hard_rows.head(1_500)
    rows = rows.assign(branch=rng.choice([*branches, "unseen"], len(rows)))
    model = CalibratedPD(
        FrozenEstimator(card),
        clone(calibrator),
        prior=PriorCorrection(target_rate=0.03),
        segments=segments,
    ).fit(X, book.target)
    assert 0.02 < model.predict_proba(X)[:, 1].mean() < 0.04
    pds = model.predict_proba(rows)[:, 1]
    scale = MasterScale(method="geometric", n_grades=7, pd_range=(0.005, 0.2))
    scale.fit(model.predict_proba(X)[:, 1])
    path = tmp_path / "card.rk"
    save_artifact(model, path, grades=scale)
    expected = {
        "pd": pds,
        "points": card.predict_points(rows),
        "log_odds": card.decision_function(rows),
        "grade": scale.assign(pds),
        "grade_pd": scale.assign_pd(pds),
    }
    if isinstance(calibrator, VennAbersCalibrator):
        low, high = model.predict_interval(rows).T
        expected |= {"pd_low": low, "pd_high": high}
    agree(path, rows, expected)
    assert ("branch" in load_scorer(path).features) == (segments == "branch")


def test_steps_on_top_of_a_card_agree(book, card, hard_rows, tmp_path):
    rows = hard_rows.head(1_500)
    z = card.decision_function(book.data)
    platt = LogitPlattCalibrator(scale="log_odds").fit(z, book.target)
    level = PriorCorrection(target_rate=0.04, method="central_tendency")
    level.fit(platt.predict(z))
    scale = MasterScale([0, 0.01, 0.05, 1], labels=["A", "B", "C"])
    scale.fit(level.predict(platt.predict(z)))
    path = tmp_path / "card.rk"
    save_artifact(card, path, calibration=[platt, level], grades=scale)
    pds = level.predict(platt.predict(card.decision_function(rows)))
    agree(path, rows, {"pd": pds, "grade": scale.assign(pds)})


def test_reasons_and_points_are_those_of_the_card(card, scorer, hard_rows, tmp_path):
    level = PriorCorrection(0.5, 0.1).fit([0.5])
    save_artifact(card, tmp_path / "card.rk", calibration=level)
    corrected = load_scorer(tmp_path / "card.rk")
    for record in hard_rows.head(300).to_dict("records"):
        plain, other = scorer.score(record), corrected.score(record)
        assert (other.points, other.reasons) == (plain.points, plain.reasons)
        assert (other.pd_raw, other.log_odds) == (plain.pd, plain.log_odds)
        assert other.pd < plain.pd
    assert corrected.model_id != scorer.model_id
