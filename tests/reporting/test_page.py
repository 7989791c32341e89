"""The page itself: whole, offline, the same every time, and small."""

import json
import os
import re
import shutil
import subprocess

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    OutputError,
)
from riskkit.reporting import validation_report
from riskkit.reporting._render import whole_dates
from riskkit.reporting._validation import compute_validation
from riskkit.scorecard import ScorecardClassifier

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def test_page_is_whole_and_every_link_has_a_place(report, outline):
    page = outline(report.html)
    assert report.html.lstrip().startswith("<!doctype html>")
    assert len(page.ids) == len(set(page.ids))
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_page_reaches_for_nothing(report, outline):
    page = outline(report.html)
    assert page.loads == []
    assert "://" not in report.html
    assert "@import" not in report.html
    assert not re.search(r"url\((?!#)", report.html)
    kinds = re.findall(r"<script([^>]*)>", report.html)
    assert kinds
    assert all('type="application/json"' in kind for kind in kinds)
    assert "on" not in {name[:2] for name in re.findall(r"<\w+ (on\w+)=", report.html)}


def test_every_table_is_embedded_as_json(report):
    found = dict(
        re.findall(
            r'<script type="application/json" id="data-([^"]+)">(.*?)</script>',
            report.html,
            re.DOTALL,
        )
    )
    plain = report.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    for name, records in plain["tables"].items():
        assert json.loads(found[name]) == records
    assert json.loads(found["summary"])["verdict"] == plain["verdict"]


def test_equal_input_gives_equal_bytes(card, sample, report, training):
    X, y = sample(4000, 2)
    dates = np.datetime64("2021-01-01") + np.arange(4000) // 8
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        again = validation_report(
            card, X[list(X)[::-1]], list(y), expected=training, dates=list(dates)
        )
        assert mpl.rcParams["font.size"] == 20
    assert again.html == report.html
    assert not plt.get_fignums()


def test_names_and_levels_are_escaped(card, sample, outline):
    X, y = sample(2000, 9)
    hostile = "</script><script>alert(1)</script>"
    result = validation_report(card, X, y, title=hostile)
    assert hostile not in result.html
    assert "south <b>" not in result.html
    assert "south &lt;b&gt;" in result.html
    outline(result.html)
    renamed = ScorecardClassifier().fit(X.rename(columns={"income": hostile}), y)
    page = validation_report(renamed, X.rename(columns={"income": hostile}), y)
    assert hostile not in page.html
    outline(page.html)


def test_no_line_ends_within_a_date():
    assert whole_dates("<2004-01> to 2006-06-30, 2-3 rows") == (
        '&lt;<span class="date">2004-01</span>&gt; to '
        '<span class="date">2006-06-30</span>, 2-3 rows'
    )


def test_pictures_say_what_they_show_and_take_the_colour_of_the_page(report):
    pictures = re.findall(r"<svg.*?</svg>", report.html, re.DOTALL)
    assert len(pictures) == 8
    for picture in pictures:
        assert re.match(
            r'<svg viewBox="[\d. ]+" role="img" aria-label="[^"]+">', picture
        )
        assert "currentColor" in picture
        assert "<text" in picture
        assert "DejaVu" not in picture
        assert "#000000" not in picture
    gini = report.frame().set_index("measure").loc["Gini", "actual"]
    assert f"Gini = {gini:.3f}" in report.html


def test_page_has_no_row_and_no_clock(report):
    assert re.search(r"\d\d:\d\d:\d\d", report.html) is None


def test_twenty_characteristics_stay_under_400_kb(sample):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=5000)
    X = pd.DataFrame(
        {f"characteristic_{i:02}": hidden + rng.normal(size=5000) for i in range(20)}
    )
    y = (rng.random(5000) < 1 / (1 + np.exp(1.5 + hidden))).astype(int)
    card = ScorecardClassifier(min_iv=0.0).fit(X, y)
    dates = np.datetime64("2021-01-01") + np.arange(5000) // 5
    result = validation_report(card, X, y, expected=(X, y), dates=dates)
    assert len(result.frame("characteristics")) >= 18
    assert len(result.html.encode()) < 400_000


def test_a_scorecard_without_characteristics_has_a_page(empty_card, outline):
    y = np.resize([0, 0, 0, 0, 1], 200)
    result = validation_report(empty_card, np.zeros((200, 1)), y)
    assert result.verdict.word in ("No action", "Watch")
    assert "The scorecard has no characteristic" in result.html
    outline(result.html)


def test_frames_of_other_libraries_give_the_same_numbers(card, sample):
    polars = pytest.importorskip("polars")
    X, y = sample(2000, 10)
    other = compute_validation(card, polars.from_pandas(X), polars.Series(y))
    assert other.to_dict() == compute_validation(card, X, y).to_dict()


def test_columns_without_names_stand_in_the_order_of_training(sample):
    X, y = sample(1000, 13)
    X = X.drop(columns="region").to_numpy()
    card = ScorecardClassifier().fit(X, y)
    data = compute_validation(card, X, y)
    assert data.table("score_bands").column("psi") == (0.0,) * len(
        data.table("score_bands").rows
    )


def test_outcomes_as_nullable_and_boolean_columns(hand_card):
    X = pd.DataFrame({"x": np.resize([-1.0, 1.0], 200)})
    y = np.resize([1, 0, 0, 0], 200)
    expected = compute_validation(hand_card, X, y)
    for kind in ("Int64", "bool", "float64", "object"):
        given = pd.Series(y).astype(kind)
        assert compute_validation(hand_card, X, given) == expected


def test_unusable_input_is_named(card, hand_card, sample):
    X, y = sample(200, 11)
    with pytest.raises(InvalidTargetError, match="3 of 200 rows hold another label"):
        compute_validation(card, X, np.r_[y[:-3], [2, 2, 7]])
    with pytest.raises(InvalidTargetError, match="1 of 200 rows"):
        compute_validation(card, X, pd.Series([pd.NA, *y[1:]], dtype="Int64"))
    with pytest.raises(InvalidTargetError, match="one for each of the 200 rows"):
        compute_validation(card, X, y[:-1])
    with pytest.raises(InvalidTargetError, match="outcomes of expected"):
        compute_validation(card, X, y, expected=(X, y[1:]))
    with pytest.raises(InvalidInputError, match="'income'"):
        compute_validation(card, X.drop(columns="income"), y)
    with pytest.raises(
        InvalidParameterError, match=r"expected must be a pair \(X, y\)"
    ):
        compute_validation(card, X, y, expected=X)
    with pytest.raises(InvalidTypeError, match="fitted scorecard"):
        compute_validation(LogisticRegression(), X, y)
    with pytest.raises(NotFittedError, match="Call fit first"):
        compute_validation(ScorecardClassifier(), X, y)
    with pytest.raises(InvalidParameterError, match="title must be text"):
        compute_validation(card, X, y, title=" ")
    with pytest.raises(InvalidParameterError, match="thresholds must be"):
        compute_validation(card, X, y, thresholds={"psi": 1})
    with pytest.raises(InvalidInputError, match="each of the 200 rows; got 2"):
        compute_validation(card, X, y, dates=["2021-01-01", "2021-01-02"])
    with pytest.raises(InvalidInputError, match="1 of 200 are missing"):
        compute_validation(card, X, y, dates=["2021-01-01"] * 199 + [None])
    with pytest.raises(InvalidInputError, match="cannot be read"):
        compute_validation(card, X, y, dates=["soon"] * 200)
    hand_card.predict_points = lambda X: np.full(len(X), np.nan)
    with pytest.raises(InvalidInputError, match="finite points"):
        compute_validation(hand_card, pd.DataFrame({"x": [0.0, 1.0]}), [0, 1])
    with pytest.raises(InvalidParameterError, match="name must be one of the tables"):
        compute_validation(card, X, y).table("nothing")


def test_dates_with_a_time_zone_are_read(hand_card):
    X = pd.DataFrame({"x": np.resize([-1.0, 1.0], 200)})
    dates = pd.date_range("2020-01-01", periods=200, tz="Europe/Berlin")
    data = compute_validation(hand_card, X, np.resize([1, 0, 0, 0], 200), dates=dates)
    assert list(data.table("periods").column("period")) == [
        "2020 Q1",
        "2020 Q2",
        "2020 Q3",
    ]


def test_saving(report, card, sample, tmp_path):
    path = tmp_path / "report.html"
    assert report.save(path) == path
    assert path.read_text(encoding="utf-8") == report.html
    with pytest.raises(OutputError, match="overwrite=True"):
        report.save(path)
    report.save(str(path), overwrite=True)
    with pytest.raises(OutputError, match="is a folder"):
        report.save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    deep = report.save(tmp_path / "new" / "folder" / "report.html")
    assert deep.read_bytes() == path.read_bytes()
    X, y = sample(500, 12)
    result = validation_report(card, X, y, path=path, overwrite=True)
    assert path.read_text(encoding="utf-8") == result.html


def test_a_refused_save_leaves_what_was_there(report, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("before", encoding="utf-8")

    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        report.save(path, overwrite=True)
    assert path.read_text(encoding="utf-8") == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_a_saved_page_can_be_read_by_those_who_may(report, tmp_path):
    other = tmp_path / "other"
    other.touch()
    assert report.save(tmp_path / "r.html").stat().st_mode == other.stat().st_mode


def test_notebook_shows_the_page_in_a_frame_of_its_own(report):
    shown = report._repr_html_()
    assert shown.startswith("<iframe sandbox ")
    assert "<!doctype" not in shown


@pytest.mark.optional
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")
def test_browser_builds_the_page_without_a_network(report, tmp_path):
    page = report.save(tmp_path / "report.html")
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            # Every name resolves to nothing: what the page needs must be in it.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", done.stdout)
    assert headings == [
        report.verdict.word,
        "Performance",
        "Calibration",
        "By period",
        "Points",
        "Characteristics",
        "Scorecard and bins",
        "Rules and formulas",
    ]
    assert done.stdout.count("<svg") == 8
    assert "://" not in done.stdout
