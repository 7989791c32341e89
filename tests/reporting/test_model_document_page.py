"""The page of a model document: whole, offline, the same every time, and small."""

import json
import re
import shutil
import subprocess

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from riskkit.binning import OptimalBinner
from riskkit.exceptions import InvalidParameterError, OutputError
from riskkit.reporting import ModelDocument, model_document
from riskkit.reporting._bars import bar_svg
from riskkit.reporting._document_render import render_document
from riskkit.reporting._format import write
from riskkit.scaling import MasterScale
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def given(card, training, sample):
    """Everything that a document can be given."""
    X, y = sample(2000, 5)
    return {
        "X": training[0],
        "y": training[1],
        "samples": {"Later": (X, y)},
        "groups": {"half": np.resize(["a", "b"], 6000)},
        "cutoff_pd": 0.2,
        "grades": MasterScale([0, 0.1, 0.3, 1]).fit([0.05, 0.2, 0.5]),
        "window": ("2020-01-01", "2021-12-31"),
        "notes": {"Purpose": "Rank applications.\n\nNothing else."},
        "title": "The card",
    }


@pytest.fixture(scope="module")
def document(card, given):
    return model_document(card, **given)


def test_page_is_whole_and_every_link_has_a_place(document, outline):
    page = outline(document.html)
    assert document.html.lstrip().startswith("<!doctype html>")
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    sections = [s.name for s in document.data.sections if s.layout != "data"]
    assert {f"#{name}" for name in sections} <= set(page.links)


def test_page_reaches_for_nothing(document, outline):
    assert outline(document.html).loads == []
    assert "://" not in document.html
    assert "@import" not in document.html
    assert not re.search(r"url\((?!#)", document.html)
    kinds = re.findall(r"<script([^>]*)>", document.html)
    assert kinds
    assert all('type="application/json"' in kind for kind in kinds)
    assert not re.findall(r"<\w+[^>]* on\w+=", document.html)


def test_every_table_is_embedded_as_json(document):
    found = dict(
        re.findall(
            r'<script type="application/json" id="data-([^"]+)">(.*?)</script>',
            document.html,
            re.DOTALL,
        )
    )
    plain = document.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == json.loads(
        json.dumps(plain)
    )
    for name, records in plain["tables"].items():
        assert json.loads(found[name]) == records
    assert json.loads(found["summary"])["title"] == "The card"


def test_every_table_and_word_is_on_the_page(document):
    text = " ".join(document.html.split())
    for section in document.data.sections:
        if section.layout == "data":
            continue
        assert f"<h2>{section.title}</h2>" in text
    for row in document.data.table("performance").rows:
        for value in row[2:]:
            assert write(value, row[1]) in text
    assert "Rank applications. Nothing else." in text


def test_equal_input_gives_equal_bytes(card, given, document):
    X, y = given["samples"]["Later"]
    again = {**given, "samples": {"Later": (X[list(X)[::-1]], list(y))}}
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        assert model_document(card, **again).html == document.html
    assert not plt.get_fignums()


def test_hostile_text_is_escaped(training, outline):
    bad = "</script><script>alert(1)</script>"
    X, y = training[0].rename(columns={"income": bad}), training[1]
    card = ScorecardClassifier().fit(X, y)
    result = model_document(
        card,
        samples={bad: (X, y)},
        groups={bad: np.resize([bad, "b"], 6000)},
        cutoff_pd=0.2,
        target=bad,
        notes={bad: bad},
        title=bad,
    )
    assert bad not in result.html
    assert "alert(1)" in result.html  # as text
    assert "south <b>" not in result.html
    outline(result.html)


def test_every_bin_has_a_bar_that_a_reader_can_hear(document):
    bars = re.findall(r'<svg class="bar".*?</svg>', document.html, re.DOTALL)
    bins = document.data.table("bins")
    assert len(bars) == len(bins.rows)
    for bar, woe in zip(bars, bins.column("woe"), strict=True):
        assert f'role="img" aria-label="woe {woe:.2f}"' in bar
        assert ("#0072B2" in bar) == (woe >= 0)
        assert ("#D55E00" in bar) == (woe < 0)
        across = re.findall(r'(?:rect x="|[MH])(-?[\d.]+)', bar)
        assert all(0 <= float(x) <= 140 for x in across)


def test_bars_share_one_scale_and_stay_inside():
    wide = bar_svg(2.0, 0.5, low=-1.0, high=2.5, title="a <b>")
    small = bar_svg(-0.5, np.nan, low=-1.0, high=2.5, title="")
    width = {
        svg: float(re.search(r'width="([\d.]+)" height', svg).group(1))
        for svg in (wide, small)
    }
    assert width[wide] == pytest.approx(4 * width[small], rel=0.01)
    for x in map(float, re.findall(r"[MH]([\d.]+)", wide)):
        assert 0 <= x <= 140
    assert "a &lt;b&gt;" in wide
    assert small.count("<path") == 1  # the zero line alone
    assert "<rect" not in bar_svg(np.nan, np.nan, low=0, high=0, title="")


def test_bars_of_given_points(outline):
    card = ExpertScorecard(
        {"x": {"edges": [0.0], "points": [10, 30], "missing": 0}}
    ).fit()
    page = model_document(card).html
    assert page.count('<svg class="bar"') == 3
    assert 'aria-label="points 30.00"' in page
    assert "WoE</th>" not in page
    outline(page)


def test_pictures(document):
    pattern = r'<svg viewBox="[\d. ]+" role="img" aria-label="([^"]+)"'
    labels = re.findall(pattern, document.html)
    assert labels == [
        "Mean PD against bad rate",
        "Events captured, riskiest accounts first",
        "Points of events and non-events",
    ]


def test_page_is_neutral_and_has_no_clock(document):
    text = document.html.lower()
    for word in ("compliant", "complies", "sr 11-7", "sr 26-2", "basel", "regulat"):
        assert word not in text
    assert re.search(r"\d\d:\d\d:\d\d", document.html) is None


def test_page_runs_nothing_prints_and_turns_dark(document):
    # Scripts are off by the page's own policy.
    assert "default-src 'none'" in document.html
    assert "@page { size: A4" in document.html
    assert "prefers-color-scheme: dark" in document.html
    assert 'name="viewport"' in document.html


def test_fifteen_characteristics_stay_under_400_kb():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=6000)
    X = pd.DataFrame(
        {f"characteristic_{i:02}": hidden + rng.normal(size=6000) for i in range(12)}
    )
    for i in range(12, 15):
        level = np.digitize(hidden + rng.normal(size=6000), np.linspace(-2, 2, 20))
        X[f"characteristic_{i:02}"] = [f"a rather long level {k}" for k in level]
    y = (rng.random(6000) < 1 / (1 + np.exp(1.5 + 2 * hidden))).astype(int)
    card = ScorecardClassifier(min_iv=0.0, optimism=0.0).fit(X, y)
    result = model_document(
        card,
        X=X,
        y=y,
        samples={"Test": (X, y), "Out of time": (X, y)},
        groups={"half": np.resize(["a", "b"], 6000)},
        cutoff_pd=0.2,
        grades=MasterScale(method="geometric").fit(card.predict_proba(X)[:, 1]),
    )
    assert len(result.frame("characteristics")) == 15
    assert len(result.html.encode()) < 400_000


def test_many_levels_and_long_names_do_not_break_the_page(outline):
    rng = np.random.default_rng(0)
    risk = rng.integers(0, 400, 8000)
    X = pd.DataFrame({"n" * 300: [f"level {k:03}" for k in risk]})
    y = (rng.random(8000) < 0.05 + risk / 1000).astype(int)
    card = ScorecardClassifier(OptimalBinner(max_n_bins=4)).fit(X, y)
    outline(model_document(card).html)


def test_saving(document, card, given, tmp_path):
    path = tmp_path / "new" / "document.html"
    assert document.save(path) == path
    assert path.read_text(encoding="utf-8") == document.html
    with pytest.raises(OutputError, match="overwrite=True"):
        document.save(path)
    assert document.save(str(path), overwrite=True) == path
    with pytest.raises(OutputError, match="is a folder"):
        document.save(tmp_path)
    result = model_document(card, path, overwrite=True)
    assert path.read_text(encoding="utf-8") == result.html
    assert [p.name for p in path.parent.iterdir()] == ["document.html"]


def test_a_taken_place_is_refused_before_the_work(card, tmp_path):
    path = tmp_path / "document.html"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(OutputError, match="overwrite=True"):
        # The wrong sample is not even looked at.
        model_document(card, path, samples={"a": "nonsense"})
    assert path.read_text(encoding="utf-8") == "before"


def test_text_that_utf8_cannot_hold_is_saved_as_a_reference(card, tmp_path):
    document = model_document(card, title="half \ud800 of a pair")
    page = document.save(tmp_path / "d.html").read_text(encoding="utf-8")
    assert "half &#55296; of a pair" in page


def test_tables_are_found_by_name(document):
    assert document.frame().equals(document.frame("bins"))
    with pytest.raises(InvalidParameterError, match="one of the tables"):
        document.frame("nothing")


def test_notebook_shows_the_page_in_a_frame_of_its_own(document):
    shown = document._repr_html_()
    assert shown.startswith("<iframe sandbox ")
    assert "<!doctype" not in shown


def test_rendering_adds_nothing_to_the_data(document):
    again = render_document(document.data)
    assert isinstance(again, ModelDocument)
    assert again == document


@pytest.mark.optional
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")
def test_browser_builds_the_page_without_a_network(document, tmp_path):
    page = document.save(tmp_path / "document.html")
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
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
        section.title for section in document.data.sections if section.layout != "data"
    ]
    assert done.stdout.count("<svg") == 3 + len(document.data.table("bins").rows)
