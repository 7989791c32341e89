"""The monitoring page: whole, offline, the same every time, small, and right."""

import csv
import io
import json
import re
import shutil
import subprocess
import time
from types import SimpleNamespace
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    OutputError,
)
from riskkit.metrics import concentration_test
from riskkit.monitoring import (
    Baseline,
    DevelopmentCurve,
    EarlyWarning,
    Measurement,
    PerformanceMonitor,
    StabilityMonitor,
    alert_performance,
    check_feeds,
    check_scores,
    early_performance,
    estimate_performance,
)
from riskkit.reporting import monitoring_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHARE = np.array([1, 3, 7, 13, 21, 31, 41, 50, 58, 65, 71, 76]) / 76
AS_OF = "2023-01-01"
HOSTILE = "=cmd|'</script><script>alert(1)</script>"


def make_run(n_features=30, n=30_000, hostile=""):
    """Three years of loans: the first is the reference, one feature drifts."""
    rng = np.random.default_rng(0)
    dates = np.datetime64("2020-01-01") + rng.integers(0, 1096, n)
    dates = np.minimum(dates, np.datetime64("2022-12-31"))
    age = (dates - np.datetime64("2020-01-01")).astype(int) / 365
    pd_of = rng.beta(1.2, 16, n)
    odds = np.where(age > 2.4, 1.6, 1.0) * pd_of / (1 - pd_of)
    month = np.searchsorted(SHARE, np.log(rng.random(n)) / -np.log1p(odds)) + 1
    events = dates + (30.4 * (month - 0.5)).astype("timedelta64[D]")
    events[month > 12] = np.datetime64("NaT")
    columns = {
        f"feature_{j:03d}": rng.normal((j == 7) * age, 1, n) for j in range(n_features)
    }
    channel = rng.choice(["branch", "broker", hostile or "online"], n)
    X = pd.DataFrame({**columns, "channel": channel})
    then = dates < np.datetime64("2021-01-01")
    baseline = Baseline.fit(
        X[then], pd=pd_of[then], y=month[then] <= 12, model_id="card 7"
    )
    curve = DevelopmentCurve.fit(dates[then], events[then], as_of="2022-01-01")
    tape = {"dates": dates, "event_dates": events}
    now = {name: values[~then] for name, values in tape.items()}
    score = rng.normal(size=n) + 2 * (month <= 2)
    stability = StabilityMonitor(baseline).update(
        X[~then], pd=pd_of[~then], period=dates[~then]
    )
    monitor = PerformanceMonitor(baseline, window=12)
    segments = {"channel": channel}
    monitor.update(pd=pd_of, **tape, as_of=AS_OF, segments=segments)
    youngest = X[dates >= np.datetime64("2022-12-01")].assign(feature_003=0.0)
    return SimpleNamespace(
        stability=stability.result(),
        performance=monitor.result(freq="month"),
        early=early_performance(
            pd_of[~then],
            **now,
            curve=curve,
            as_of=AS_OF,
            segments={"channel": channel[~then]},
        ),
        estimate=estimate_performance(
            pd_of[~then], baseline=baseline, dates=dates[~then]
        ),
        feeds=check_feeds(youngest, baseline),
        scores=check_scores(pd_of[~then], pd_of[~then], period=dates[~then]),
        alerts=alert_performance(
            score,
            dates=dates,
            as_of=AS_OF,
            y=month <= 2,
            capacity=50,
            threshold=1.0,
            expected_rate=0.16,
            expected_precision=0.1,
        ),
    )


@pytest.fixture(scope="module")
def run():
    held = make_run()
    held.results = list(vars(held).values())
    return held


@pytest.fixture(scope="module")
def warning(run):
    watch = EarlyWarning(model_id="card 7")
    for day in ("2022-11-01", "2022-12-01"):
        watch.evaluate(run.estimate, as_of=day)
    return watch.evaluate(*run.results, as_of=AS_OF)


@pytest.fixture(scope="module")
def report(run, warning):
    return monitoring_report(warning, *run.results, facts={"Owner": "Retail risk"})


# The page


def test_page_is_whole_and_every_link_has_a_place(report, outline):
    page = outline(report.html)
    assert len(page.ids) == len(set(page.ids))
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside
    assert inside <= set(page.ids)
    outside = [link for link in page.links if not link.startswith("#")]
    assert all(link.startswith("data:text/csv;") for link in outside)


def test_page_reaches_for_nothing_and_runs_nothing(report, outline):
    page = outline(report.html)
    assert page.loads == []
    assert "://" not in report.html
    assert "@import" not in report.html
    assert "url(" not in report.html
    kinds = re.findall(r"<script([^>]*)>", report.html)
    assert all('type="application/json"' in kind for kind in kinds)
    assert not re.findall(r"<\w+ on\w+=", report.html)


def embedded(html):
    found = re.findall(
        r'<script type="application/json" id="data-([^"]+)">(.*?)</script>',
        html,
        re.DOTALL,
    )
    return {name: json.loads(text) for name, text in found}


def test_every_table_stands_in_the_page_as_json_and_as_csv(report):
    plain = report.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    found = embedded(report.html)
    assert found.pop("summary")["verdict"] == plain["verdict"]
    assert set(found) == set(plain["tables"])
    files = dict(re.findall(r'download="([^"]+)\.csv" href="([^"]+)"', report.html))
    for name, records in plain["tables"].items():
        keys, rows = found[name]["columns"], found[name]["rows"]
        assert [dict(zip(keys, row, strict=True)) for row in rows] == records
        address = files[name].replace("&#39;", "'").replace("&amp;", "&")
        text = unquote(address.partition(",")[2])
        lines = list(csv.reader(io.StringIO(text)))
        assert lines[0] == keys
        assert len(lines) == len(records) + 1


def test_equal_input_gives_equal_bytes(report, run, warning):
    facts = {"Owner": "Retail risk"}
    again = monitoring_report(warning, *run.results[::-1], facts=facts)
    assert again.html == report.html


def test_names_are_escaped_and_no_spreadsheet_takes_them_for_formulas():
    held = make_run(2, 6000, HOSTILE)
    watch = EarlyWarning(model_id=HOSTILE).evaluate(*vars(held).values(), as_of=AS_OF)
    report = monitoring_report(watch, *vars(held).values(), title=HOSTILE)
    assert "<script>alert" not in report.html
    page = embedded(report.html)
    segments = [row[1] for row in page["segments"]["rows"]]
    assert HOSTILE in segments
    files = dict(re.findall(r'download="([^"]+)\.csv" href="([^"]+)"', report.html))
    assert "'=cmd" in unquote(files["segments"].replace("&#39;", "'"))


def test_lights_are_told_without_colour(report):
    for light, sign in (("amber", "▲"), ("red", "■"), ("not_evaluable", "○")):
        assert f'td.light.{light}::before {{ content: "{sign} "' in report.html
    assert set(re.findall(r'class="lamp (\w+)">([^<]+)<', report.html)) <= {
        ("green", "Good"),
        ("amber", "Watch"),
        ("red", "Act"),
        ("not_evaluable", "Too little data"),
    }
    pictures = re.findall(r"<svg.*?</svg>", report.html, re.DOTALL)
    assert len(pictures) > 12
    assert all('role="img" aria-label="' in picture for picture in pictures)


def test_the_size_of_a_page_stays_within_its_budget(report):
    assert len(report.html.encode()) < 300_000


def test_five_hundred_features_stay_below_a_megabyte_and_three_seconds():
    rng = np.random.default_rng(0)
    n, n_features = 4800, 500
    names = [f"bureau_attribute_{j:03d}" for j in range(n_features)]
    X = pd.DataFrame(rng.normal(size=(n, n_features)), columns=names)
    score = rng.normal(size=n)
    how = {"score": score, "score_direction": "safer"}
    baseline = Baseline.fit(X, **how)
    X.iloc[:, ::5] += 0.4
    months = np.arange("2021-01", "2023-01", dtype="datetime64[M]").astype(str)
    monitor = StabilityMonitor(baseline)
    monitor.update(X, score=score, period=np.repeat(months, n // 24))
    stability = monitor.result()
    feeds = check_feeds(X, baseline)
    watch = EarlyWarning().evaluate(stability, feeds, as_of=AS_OF)
    start = time.process_time()
    report = monitoring_report(watch, stability, feeds)
    assert time.process_time() - start < 3
    assert len(report.html.encode()) < 1_000_000
    assert len(report.frame("features")) == n_features
    assert report.frame("feature_psi").shape == (n_features + 1, 25)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_it_prints_on_a4_and_reads_with_scripts_off(report, tmp_path):
    page = report.save(tmp_path / "report.html")
    pdf = tmp_path / "report.pdf"
    subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", content)
    width, height = (float(side) for side in box.groups())
    assert (round(width), round(height)) == (595, 842)


# What it says


def test_the_verdict_is_that_of_the_run(report, warning):
    assert report.verdict.word == "Watch"
    assert report.verdict.status == warning.light == "red"
    assert "feed_break: feature_003" in report.verdict.reason
    assert warning.owner in report.verdict.action
    for text in (warning.rule.name, *warning.waiting_for):
        assert text in report.html
    assert any("falsely amber" in note for note in report.data.notes)


def test_every_measure_that_is_not_green_is_listed(report, warning):
    listed = report.frame("measures").set_index("key")["light"]
    for key, light in zip(
        warning.measures["key"], warning.measures["light"], strict=True
    ):
        if light in ("amber", "red"):
            assert listed[key] == light
    assert set(listed.index) <= set(warning.measures["key"])


def test_tiles_show_the_worst_of_each_role(report, warning):
    order = ("red", "amber", "green", "not_evaluable")
    frame = warning.frame()
    for check in report.data.checks:
        role = frame[frame["name"].isin(check.rule.split("; "))]
        assert check.status == min(role["light"], key=order.index)


def test_population_tables_are_those_of_the_result(report, run):
    features = report.frame("features").set_index("feature")
    frame = run.stability.frame()
    last = frame[frame["period"] == "2022-12"].set_index("feature")
    names = [name for name in last.index if name != "pd"]
    for key in ("psi", "p_value", "missing"):
        np.testing.assert_allclose(
            features.loc[names, key], last.loc[names, key], rtol=1e-5, atol=1e-12
        )
    assert features.index[0] == "feature_007"
    wide = report.frame("feature_psi").set_index("feature")
    assert list(wide.columns) == list(run.stability.periods)
    assert wide.loc["feature_007", "2022-12"] == pytest.approx(
        last.loc["feature_007", "psi"], abs=1e-4
    )


def test_joined_bands_of_the_score_add_up_to_its_index(report, run):
    bands = report.frame("score_bands")
    assert len(bands) <= 22
    assert bands["share"].sum() == pytest.approx(1)
    assert bands["share_expected"].sum() == pytest.approx(1)
    index = run.stability.by_feature["psi"][-1, -1]
    assert bands["psi"].sum() == pytest.approx(index, rel=1e-4)


def test_cohorts_keep_apart_what_is_known_and_what_is_not(report, run):
    cohorts = report.frame("cohorts")
    is_mature = cohorts["status"] == "mature"
    assert cohorts.loc[is_mature, "event_rate"].notna().all()
    assert cohorts.loc[~is_mature, "event_rate"].isna().all()
    assert cohorts.loc[~is_mature, "event_rate_so_far"].notna().all()
    assert run.performance.maturity_note() in report.html


def test_the_grid_judges_each_period_by_itself(report, warning, run):
    lights = report.frame("lights")
    grid = lights[lights["measure"] == "Gini"]
    assert grid["period"].tolist() == list(run.performance.status_of("mature"))[-12:]
    largest = lights[lights["measure"] == "Largest CSI"].set_index("period")
    csi = warning.thresholds["feature_csi"]
    for period in run.stability.periods[-12:]:
        judged = [
            csi.judge(m)[0]
            for m in run.stability.measurements(period)
            if m.name == "feature_csi"
        ]
        expected = max(judged, key=("not_evaluable", "green", "amber", "red").index)
        assert largest.loc[period, "light"] == expected
    runs = lights[(lights["grid"] == "Runs of the monitor")]
    assert runs["period"].unique().tolist() == ["2022-11-01", "2022-12-01", AS_OF]


def test_the_annex_holds_the_tests(report, run):
    tests = report.frame("tests").set_index(["test", "of"])
    total = run.performance.frame("total").iloc[0]
    jeffreys = tests.loc[("Jeffreys", "portfolio")]
    assert jeffreys["p_value"] == pytest.approx(total["p_value"], rel=1e-5)
    result = run.stability
    start = int(result.partition.starts[-1])
    bands = slice(start, start + int(result.partition.widths[-1]) - 2)
    now, then = (result.by_bin[k][-1, bands] for k in ("n", "n_expected"))
    expected = concentration_test(now, initial_n=then)
    found = tests.loc[("Concentration (CV of the bands)", "2022-12")]
    assert found["p_value"] == pytest.approx(expected.p_value, rel=1e-5)
    assert len(tests.loc["Jeffreys"]) == 11


def test_what_cannot_be_seen_is_said(report, run):
    for result in (run.performance, run.early, run.estimate, run.alerts):
        assert result.cannot_see in report.html.replace("&#39;", "'")


def test_gaps_in_periods_are_named():
    rng = np.random.default_rng(0)
    baseline = Baseline.fit({"x": rng.normal(size=1000)})
    monitor = StabilityMonitor(baseline)
    for month in ("2024-01", "2024-03"):
        monitor.update({"x": rng.normal(size=300)}, period=month)
    stability = monitor.result()
    watch = EarlyWarning().evaluate(stability, as_of="2024-04-01")
    page = monitoring_report(watch, stability)
    assert "No accounts were counted in 2024-02." in page.html


def test_a_page_of_measurements_alone_and_of_young_books():
    watch = EarlyWarning().evaluate(Measurement("override_rate", 0.2), as_of=AS_OF)
    page = monitoring_report(watch)
    assert page.verdict.word == "Watch"
    assert page.frame("measures")["key"].tolist() == ["override_rate"]
    rng = np.random.default_rng(0)
    pd_of = rng.beta(1.2, 16, 2000)
    baseline = Baseline.fit(pd=pd_of, y=rng.random(2000) < pd_of)
    days = np.full(2000, np.datetime64("2022-12-05"))
    young = PerformanceMonitor(baseline).update(
        pd=pd_of, y=np.full(2000, np.nan), dates=days, as_of=AS_OF
    )
    result = young.result()
    watch = EarlyWarning().evaluate(result)
    page = monitoring_report(watch, result)
    assert page.verdict.word == "No outcome yet"
    assert "next 2022-12 on 2024-01-01" in page.html


def test_a_score_alone_and_features_alone():
    rng = np.random.default_rng(0)
    score, x = rng.normal(size=(2, 2000))
    alone = Baseline.fit(score=score, score_direction="safer")
    for baseline, rows in (
        (alone, {"score": score + 0.5}),
        (Baseline.fit({"x": x}), {"X": {"x": x + 0.5}}),
    ):
        stability = StabilityMonitor(baseline).compare(**rows)
        watch = EarlyWarning().evaluate(stability, as_of=AS_OF)
        page = monitoring_report(watch, stability)
        tables = page.to_dict()["tables"]
        assert ("features" in tables) == ("X" in rows)
        assert ("score_bands" in tables) == ("score" in rows)
        assert len(tables["population"]) == 1
        assert "<svg" in page.html


# Bad input, and the file


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"title": " "}, InvalidParameterError, "title must be text"),
        ({"facts": {"a": 1}}, InvalidParameterError, "facts must be"),
    ],
)
def test_arguments_are_checked(warning, how, error, message):
    with pytest.raises(error, match=message):
        monitoring_report(warning, **how)


def test_results_are_checked(warning, run):
    with pytest.raises(InvalidTypeError, match="got dict"):
        monitoring_report(warning, {})
    with pytest.raises(InvalidTypeError, match="WarningResult"):
        monitoring_report(run.stability)
    with pytest.raises(InvalidInputError, match="several of 'stability'"):
        monitoring_report(warning, run.stability, run.stability)
    empty = StabilityMonitor(Baseline.fit({"x": np.arange(9.0)})).result()
    with pytest.raises(InvalidInputError, match="must hold a period"):
        monitoring_report(warning, empty)


def test_a_report_is_saved_whole_and_not_over_another(report, run, warning, tmp_path):
    path = tmp_path / "new" / "report.html"
    again = monitoring_report(
        warning, *run.results, facts={"Owner": "Retail risk"}, path=path
    )
    assert path.read_text(encoding="utf-8") == again.html == report.html
    with pytest.raises(OutputError, match="exists already"):
        report.save(path)
    report.save(path, overwrite=True)
    assert "<iframe sandbox" in report._repr_html_()
