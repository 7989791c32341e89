"""One number everywhere: estimator, batch scorer and single-row scorer."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

N_ROWS = 10_000


@pytest.fixture(scope="module")
def card():
    book = make_loan_book(8_000, default_rate=0.1, missing_rate=0.1, random_state=1)
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
