"""``riskkit monitor``: from a tape to a light that a job can act on."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from riskkit.monitoring import Baseline, DevelopmentCurve, EarlyWarning
from riskkit.scorecard import ScorecardClassifier

SHARE = np.array([1, 3, 7, 13, 21, 31, 41, 50, 58, 65, 71, 76]) / 76
FILES = ["population.json", "report.html", "result.json"]


def make_tape(odds=1.0, shift=0.0, n=24_000, seed=0):
    """Three years of loans; from 2022 on odds and an attribute may differ."""
    rng = np.random.default_rng(seed)
    opened = np.datetime64("2020-01-01") + rng.integers(0, 1096, n)
    late = opened >= np.datetime64("2022-01-01")
    pd_of = rng.beta(1.2, 10, n)
    true = np.where(late, odds, 1.0) * pd_of / (1 - pd_of)
    month = np.searchsorted(SHARE, np.log(rng.random(n)) / -np.log1p(true)) + 1
    default = opened + (30.4 * (month - 0.5)).astype("timedelta64[D]")
    default[month > 12] = np.datetime64("NaT")
    frame = pd.DataFrame(
        {
            "loan": np.arange(n),
            "opened": opened,
            "pd": pd_of,
            "income": rng.lognormal(8 + shift * late, 0.4, n),
            "age": rng.integers(20, 70, n).astype(float),
            "channel": rng.choice(["branch", "broker"], n),
            "defaulted": default,
        }
    )
    return frame.sort_values("opened", ignore_index=True)


CONFIG = """
schema_version = 1
[model]
id = "card 7"
[data]
table = "loans.parquet"
date = "opened"
id = "loan"
pd = "pd"
event_date = "defaulted"
segments = ["channel"]
[reference]
until = 2021-01-01
features = ["income", "age", "channel"]
[population]
freq = "quarter"
[warning]
persistence = [1, 1]
"""


@pytest.fixture
def job(tmp_path):
    """Write a tape and a configuration; give the latter's path."""

    def write(tape=None, config=CONFIG, extra=""):
        (make_tape() if tape is None else tape).to_parquet(tmp_path / "loans.parquet")
        (tmp_path / "monitor.toml").write_text(config + extra)
        return tmp_path / "monitor.toml"

    return write


@pytest.fixture
def monitor(run, tmp_path):
    def invoke(config, *more, as_of="2022-10-01", out="out"):
        where = () if "--dry-run" in more else ("--out", tmp_path / out)
        return run("monitor", "run", config, "--as-of", as_of, *where, *more)

    return invoke


@pytest.fixture
def refused_64(monitor, tmp_path):
    def invoke(config, *more, **how):
        before = sorted(tmp_path.rglob("*"))
        result = monitor(config, *more, **how)
        assert result.exit_code == 64, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.output
        assert sorted(tmp_path.rglob("*")) == before
        return result.stderr

    return invoke


# What a run leaves behind


def test_a_calm_book_is_green(job, monitor, tmp_path):
    result = monitor(job())
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["verdict"], said["light"], said["exit_code"]) == (
        "no_action",
        "green",
        0,
    )
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES
    assert said["files"]["report.html"] == str(tmp_path / "out" / "report.html")
    assert "no_action (green) as of 2022-10-01" in result.stderr
    whole = json.loads((tmp_path / "out" / "result.json").read_text())
    assert whole["config"]["reference"]["until"] == "2021-01-01"
    assert whole["warning"]["verdict"] == "no_action"
    tables = whole["report"]["tables"]
    assert {"features", "cohorts", "early_ages", "estimate", "segments"} <= set(tables)
    assert "card 7" in (tmp_path / "out" / "report.html").read_text()


def test_a_book_whose_odds_rose_is_red_long_before_it_is_mature(job, monitor):
    result = monitor(job(make_tape(odds=1.8)))
    assert result.exit_code == 2
    said = json.loads(result.stdout)
    assert said["verdict"] == "recalibrate"
    assert said["rule"] == "early_red"
    assert any("early" in key for key in said["new_alerts"])


def test_another_population_is_amber_and_counts_if_asked_for(job, monitor):
    config = job(make_tape(shift=0.4))
    for fail_on, code in (("red", 0), ("amber", 1), ("never", 0)):
        result = monitor(config, "--fail-on", fail_on, "--overwrite")
        assert result.exit_code == code
        assert json.loads(result.stdout)["light"] == "amber"
    assert json.loads(result.stdout)["exit_code"] == 0


def test_never_means_never(job, monitor):
    assert monitor(job(make_tape(odds=1.8)), "--fail-on", "never").exit_code == 0


def test_a_young_book_cannot_be_evaluated(job, monitor):
    tape = make_tape().drop(columns="defaulted")
    config = CONFIG.replace('event_date = "defaulted"\n', "")
    result = monitor(job(tape, config))
    assert result.exit_code == 3
    assert json.loads(result.stdout)["verdict"] == "no_outcome_yet"


def test_nothing_of_the_day_or_later_is_looked_at(job, monitor, tmp_path):
    tape = make_tape(odds=1.8)
    monitor(job(tape), as_of="2022-06-01")
    early = tape[tape["opened"] < "2022-06-01"].copy()
    early.loc[early["defaulted"] >= "2022-06-01", "defaulted"] = pd.NaT
    (tmp_path / "monitor_history.jsonl").unlink()
    monitor(job(early), as_of="2022-06-01", out="again")
    pages = [(tmp_path / out / "report.html").read_bytes() for out in ("out", "again")]
    assert pages[0] == pages[1]


def test_history_is_carried_on_and_a_day_can_be_repeated(job, monitor, tmp_path):
    extra = CONFIG.replace("[1, 1]", "[2, 3]")
    config = job(make_tape(odds=1.8), extra)
    codes = [
        monitor(config, as_of=day, out=day).exit_code
        for day in ("2022-01-01", "2022-08-01", "2022-09-01", "2022-10-01")
    ]
    assert codes[0] == 0
    assert codes[-1] == 2
    lines = (tmp_path / "monitor_history.jsonl").read_text().splitlines()
    assert [json.loads(line)["as_of"] for line in lines] == [
        "2022-01-01",
        "2022-08-01",
        "2022-09-01",
        "2022-10-01",
    ]
    assert monitor(config, as_of="2022-10-01", out="b").exit_code == 2
    watch = EarlyWarning(history=tmp_path / "monitor_history.jsonl", model_id="card 7")
    assert len(watch.runs()) == 4
    back = monitor(config, as_of="2022-03-01", out="c")
    assert back.exit_code == 64
    assert "in the order of time" in back.stderr
    assert not (tmp_path / "c").exists()


def test_a_stored_baseline_and_curve_need_no_reference_rows(job, monitor, tmp_path):
    tape = make_tape()
    then = tape[tape["opened"] < "2021-01-01"]
    Baseline.fit(
        then[["income", "age", "channel"]],
        pd=then["pd"],
        y=then["defaulted"].notna(),
        model_id="card 7",
    ).save(tmp_path / "baseline.json")
    curve = DevelopmentCurve.fit(then["opened"], then["defaulted"], as_of="2022-01-01")
    (tmp_path / "curve.json").write_text(json.dumps(curve.to_dict()))
    config = CONFIG.replace('id = "card 7"', 'id = "card 7"\nbaseline="baseline.json"')
    start, end = config.index("[reference]"), config.index("[population]")
    config = config[:start] + config[end:]
    config += '[performance]\ncurve = "curve.json"\n'
    now = tape[tape["opened"] >= "2021-01-01"]
    assert monitor(job(now, config)).exit_code == 0
    (tmp_path / "monitor_history.jsonl").unlink()
    other = job(now, config.replace('id = "card 7"', 'id = "card 8"'))
    result = monitor(other, out="other")
    assert result.exit_code == 64
    assert "belongs to 'card 7'" in result.stderr


def test_a_model_file_checks_the_scores_that_were_logged(job, monitor, tmp_path):
    from riskkit.export import save_artifact

    tape = make_tape()
    X = tape[["income", "age"]].assign(risk=tape["pd"].round(2))
    tape["risk"] = X["risk"]
    card = ScorecardClassifier().fit(X, tape["defaulted"].notna())
    save_artifact(card, tmp_path / "model.rk")
    tape["points"] = card.predict_points(X)
    config = """
schema_version = 1
[model]
id = "card"
artifact = "model.rk"
[data]
table = "loans.parquet"
date = "opened"
score = "points"
event_date = "defaulted"
"""
    result = monitor(job(tape, config))
    assert result.exit_code == 0, result.output
    tape.loc[tape.index[-2000:], "points"] += 20
    result = monitor(job(tape, config), "--overwrite", as_of="2023-01-01")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["fired_by"] == ["score_mismatch"]
    del tape["risk"]
    result = monitor(job(tape, config), "--overwrite", as_of="2023-01-02")
    assert result.exit_code == 64
    assert "1 are missing: 'risk'" in result.stderr


def test_alerts_of_a_detector_stand_in_the_same_run(job, monitor, tmp_path):
    tape = make_tape()
    rng = np.random.default_rng(0)
    fraud = rng.random(len(tape)) < 0.02
    tape["fraud"] = fraud.astype(float)
    tape["anomaly"] = rng.normal(size=len(tape)) + 2 * fraud
    tape["confirmed"] = tape["opened"] + pd.Timedelta(days=9)
    extra = (
        '[alerts]\nscore = "anomaly"\ncapacity = 40\noutcome = "fraud"\n'
        'label_date = "confirmed"\nlabel_days = 30\nexpected_precision = 0.9\n'
    )
    result = monitor(job(tape, extra=extra), "--fail-on", "amber")
    assert result.exit_code == 1
    assert "alert_precision" in json.loads(result.stdout)["fired_by"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert 'id="fraud"' in page


def test_outcomes_in_a_column_and_a_reference_in_a_table(job, monitor, tmp_path):
    tape = make_tape()
    tape["bad"] = tape["defaulted"].notna().astype(float)
    then = tape[tape["opened"] < "2021-01-01"].drop(columns="defaulted")
    then.to_csv(tmp_path / "training.csv", index=False)
    config = CONFIG.replace('event_date = "defaulted"', 'outcome = "bad"')
    config = config.replace("until = 2021-01-01", 'table = "training.csv"')
    now = tape[tape["opened"] >= "2021-01-01"].drop(columns="defaulted")
    result = monitor(job(now, config))
    assert result.exit_code == 0, result.output
    tables = json.loads((tmp_path / "out" / "result.json").read_text())["report"]
    assert "early_ages" not in tables["tables"]
    assert "cohorts" in tables["tables"]


def test_points_are_ranked_by_and_pds_are_expected(job, monitor, tmp_path):
    tape = make_tape()
    odds = (1 - tape["pd"]) / tape["pd"]
    tape["points"] = (500 + 28.85 * np.log(odds)).round()
    tape.loc[tape.index[-50:], ["points", "pd"]] = np.nan
    config = CONFIG.replace(
        'pd = "pd"', 'pd = "pd"\nscore = "points"\nscore_direction = "safer"'
    )
    result = monitor(job(tape, config), as_of="2023-01-01")
    assert result.exit_code == 0, result.output
    whole = json.loads((tmp_path / "out" / "result.json").read_text())
    population = whole["report"]["tables"]["population"]
    assert population[-1]["mean_score"] > 500
    assert {"estimate", "cohorts", "early_ages"} <= set(whole["report"]["tables"])


def test_a_note_says_what_the_tape_did_not_allow(job, monitor):
    config = CONFIG.replace("[reference]", "[performance]\nwindow = 30\n[reference]")
    result = monitor(job(config=config), as_of="2022-04-01")
    assert "observed for the whole window" in json.loads(result.stdout)["notes"][0]
    assert "Note: No early performance" in result.stderr


# The plan, the template


def test_a_dry_run_says_the_plan_and_writes_nothing(job, monitor, tmp_path):
    config = job()
    before = sorted(tmp_path.rglob("*"))
    result = monitor(config, "--dry-run")
    assert result.exit_code == 0
    assert sorted(tmp_path.rglob("*")) == before
    plan = json.loads(result.stdout)
    assert plan["features"] == ["income", "age", "channel"]
    assert plan["columns"]["data.date"] == "opened"
    assert plan["missing_columns"] == plan["new_columns"] == []
    tape = make_tape()
    day = tape["opened"]
    assert plan["rows"] == ((day >= "2021-01-01") & (day < "2022-10-01")).sum()
    assert plan["rows_left_out"] == (day >= "2022-10-01").sum()
    assert "Judging developing outcomes" in plan["steps"]


def test_init_writes_a_file_that_runs_once_names_are_filled_in(
    run, monitor, job, tmp_path
):
    job()
    path = tmp_path / "new.toml"
    assert run("monitor", "init", path).exit_code == 0
    assert monitor(path, "--dry-run").exit_code == 0
    again = run("monitor", "init", path)
    assert again.exit_code == 64
    assert "exists already" in again.stderr
    assert run("monitor", "init", path, "--overwrite").exit_code == 0


def test_every_key_of_the_template_is_known(run, tmp_path):
    """What is commented out must be right, too."""
    from riskkit.cli._monitor_config import read_config
    from riskkit.cli._monitor_template import TEMPLATE

    lines = []
    for line in TEMPLATE.splitlines():
        text = line[2:] if line.startswith("# ") else line
        is_code = "=" in text or text.startswith("[")
        other_way = text.startswith(("baseline", "outcome = ", 'table = "training'))
        if is_code and not (other_way and line.startswith("#") and "fraud" not in line):
            lines.append(text)
    lines = lines[lines.index("schema_version = 1") :]
    path = tmp_path / "all.toml"
    path.write_text("\n".join(lines))
    config = read_config(path)
    assert config.alerts.capacity == 200
    assert config.report.facts == {"Owner": "Retail risk", "Tier": "1"}
    assert config.thresholds["score_psi"].red == 0.25


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema_version = 1", "", "schema_version must be 1; got None"),
        ("schema_version = 1", "schema_version = true", "got True"),
        ('table = "loans', 'tabel = "loans', "data.tabel is not known. Did you mean"),
        ("[warning]", "[warnings]", "warnings is not known. Did you mean 'warning'"),
        ('[model]\nid = "card 7"', "", "the table [model] must be there"),
        ('id = "card 7"', "", "model.id must be given"),
        ('id = "card 7"', "id = 7", "model.id must be text; got 7"),
        ('pd = "pd"', "", "data.pd or data.score must name a column"),
        ('pd = "pd"', 'pd = "probability"', "no column of the table"),
        ('pd = "pd"', 'pd = "pd"\nscore = "age"', "score_direction must say"),
        ('pd = "pd"', 'pd = "channel"', "data.pd must name numbers"),
        ("[1, 1]", "[3, 1]", "at most as many"),
        ("[1, 1]", "[1]", "two whole numbers"),
        ("[1, 1]", "2", "two whole numbers"),
        ('freq = "quarter"', 'freq = "week"', "population.freq must be one of"),
        ("until = 2021-01-01", 'until = "soon"', "reference.until must be a day"),
        ("until = 2021-01-01", "until = 1999-01-01", "no row began before"),
        ("until = 2021-01-01\n", "", "there must be a baseline"),
        ("[population]", "[population", "must be TOML"),
        ("[population]", "[thresholds]\ngini = 3\n[population]", "Did you mean"),
        (
            "[population]",
            "[thresholds.score_psi]\namber = 0.3\n[population]",
            "thresholds.score_psi: Red must not begin before amber",
        ),
        (
            "[population]",
            "[thresholds.score_psi]\nambre = 0.3\n[population]",
            "thresholds.score_psi.ambre is not known. Did you mean 'amber'",
        ),
        ("[population]", "[performance]\nwindow = 0\n[population]", "number >= 1"),
        ("[population]", '[alerts]\nscore = "age"\n[population]', "what an alert is"),
        ('"channel"]\n[ref', '"chanel"]\n[ref', "Did you mean 'channel'"),
        (
            'event_date = "defaulted"',
            'event_date = "defaulted"\noutcome = "pd"',
            "must be given once",
        ),
        ('event_date = "defaulted"', 'outcome = "age"', "must be 1 for an event"),
        ('date = "opened"\n', 'date = "age"\n', "data.date must name dates"),
        ('date = "opened"\n', 'date = "channel"\n', "data.date must name dates"),
        ('id = "loan"', 'id = "age"', "ids must differ"),
        ("model]\n", 'model]\nbaseline = "b.json"\n', "must come from one place"),
    ],
)
def test_configurations_that_are_refused(job, refused_64, old, new, message):
    assert old in CONFIG
    assert message in refused_64(job(config=CONFIG.replace(old, new, 1)))


def test_tapes_that_are_refused(job, refused_64):
    tape = make_tape()
    tape.loc[5, "opened"] = pd.NaT
    assert "empty in 1 of 24000" in refused_64(job(tape))
    tape = make_tape()
    tape["opened"] = tape["opened"].astype(str) + np.where(
        tape.index % 2, "T00:00:00+01:00", "T00:00:00+02:00"
    )
    assert "one time zone" in refused_64(job(tape))
    assert "that began before 2019" in refused_64(job(), as_of="2019-01-01")


def test_columns_that_are_missing_are_named_with_the_new_ones(
    job, refused_64, tmp_path
):
    tape = make_tape()
    Baseline.fit(tape[["income", "age"]], pd=tape["pd"], model_id="card 7").save(
        tmp_path / "b.json"
    )
    config = CONFIG.replace('id = "card 7"', 'id = "card 7"\nbaseline = "b.json"')
    start, end = config.index("[reference]"), config.index("[population]")
    renamed = tape.rename(columns={"income": "wage"})
    said = refused_64(job(renamed, config[:start] + config[end:]))
    assert "1 are missing: 'income'" in said


def test_words_that_are_refused(run, job, refused_64, tmp_path):
    config = job()
    assert "--as-of must be a day" in refused_64(config, as_of="yesterday")
    for words in (
        ("monitor", "run", config),
        ("monitor", "run", config, "--as-of", "2022-01-01"),
        ("monitor", "run", config, "--as-of", "2022-01-01", "--fail-on", "blue"),
        ("monitor", "run"),
        ("monitor", "watch"),
    ):
        result = run(*words)
        assert result.exit_code == 64, words
        assert result.stdout == ""
    absent = tmp_path / "absent.toml"
    assert "riskkit monitor init" in refused_64(absent)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    assert "must be TOML" in refused_64(tmp_path / "binary.toml")
    (tmp_path / "large.toml").write_text("#" * 1_000_001)
    assert "over a megabyte" in refused_64(tmp_path / "large.toml")


def test_results_of_an_earlier_run_are_not_replaced_unasked(job, monitor, refused_64):
    config = job()
    assert monitor(config).exit_code == 0
    assert "holds report.html" in refused_64(config)
    assert monitor(config, "--overwrite").exit_code == 0


def test_curves_that_are_refused(job, refused_64, tmp_path):
    extra = '[performance]\ncurve = "curve.json"\n'
    for text in ("{", "[1]", '{"share": [0.5, 1.0], "n_event": null}'):
        (tmp_path / "curve.json").write_text(text)
        assert "urve" in refused_64(job(extra=extra))
    plain = DevelopmentCurve((0.5, 1.0)).to_dict()
    (tmp_path / "curve.json").write_text(json.dumps(plain))
    assert "must be of 12 months" in refused_64(job(extra=extra))


def test_help_loads_nothing_heavy():
    heavy = {"numpy", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow"}
    code = (
        "import sys; sys.argv = ['riskkit', 'monitor', 'run', '--help']\n"
        "from riskkit.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"assert not {heavy!r} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert "--fail-on" in done.stdout
