"""The decision log: nothing lost, nothing changed unseen, no value kept unasked."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from riskkit.artifact import Artifact, Manifest
from riskkit.exceptions import InvalidInputError, InvalidParameterError, OutputError
from riskkit.serving import DecisionLog, Scorer, read_log, replay_log
from riskkit.serving._log import _TAIL
from riskkit.serving._log_lines import hash_record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "decisions.jsonl"


def records(scorer, n):
    return [
        dict.fromkeys(scorer.features)
        | {"income": 12345.0 + k, "debt": [math.inf, math.nan, 0.1][k % 3],
           "purpose": "büro", "truth": True, "big": 10**15 + k}
        for k in range(n)
    ]  # fmt: skip


def fill(path, scorer, rows, **options):
    with DecisionLog(path, **options) as log:
        return [
            log.append(row, scorer.score(row), key=f"A-{k}")
            for k, row in enumerate(rows)
        ]


def test_what_is_written_is_read_back(path, scorer):
    rows = records(scorer, 5)
    written = fill(path, scorer, rows)
    assert list(read_log(path)) == written
    assert [entry.number for entry in written] == list(range(5))
    for entry, row in zip(written, rows, strict=True):
        assert entry.answer == scorer.score(row).to_dict()
        assert (entry.kind, entry.record) == ("decision", None)


def test_no_value_of_a_record_is_kept_unless_asked(path, scorer, tmp_path):
    fill(path, scorer, records(scorer, 3))
    text = path.read_text(encoding="ascii")
    assert "12345" not in text
    assert "b\\u00fcro" not in text
    kept = fill(tmp_path / "kept", scorer, records(scorer, 3), keep_records=True)
    assert kept[0].record["income"] == 12345.0
    assert kept[0].record["debt"] == {"float": "inf"}


def test_the_log_goes_on_where_it_ends(path, scorer):
    rows = records(scorer, 4)
    fill(path, scorer, rows[:2])
    second = fill(path, scorer, rows[2:])
    entries = list(read_log(path))
    assert [entry.number for entry in entries] == [0, 1, 2, 3]
    assert entries[2:] == second
    assert entries[2].before == entries[1].hash


LINES = [
    lambda lines: [lines[0], lines[2]],
    lambda lines: lines[1:],
    lambda lines: [lines[0], lines[2], lines[1]],
    lambda lines: [lines[0], lines[1].replace(b'"pd":0.', b'"pd":1.', 1), lines[2]],
    lambda lines: [lines[0], lines[1][:-2] + b',"more":1}\n', lines[2]],
    lambda lines: [lines[0], b"{}\n", lines[2]],
    lambda lines: [lines[0], b"\xff\n", lines[2]],
    lambda lines: [lines[0], b"[" * 100_000 + b"\n", lines[2]],
    lambda lines: [lines[0], lines[0], lines[2]],
    lambda lines: [*lines[:2], lines[2][:-9]],
]


@pytest.mark.parametrize("change", LINES)
def test_any_change_breaks_the_chain(path, scorer, change):
    fill(path, scorer, records(scorer, 3))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    with pytest.raises(InvalidInputError, match=r"must hold .* in line [123]"):
        list(read_log(path))


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_half_a_line_is_cut_off_and_the_rest_is_whole(path, scorer, cut):
    rows = records(scorer, 3)
    fill(path, scorer, rows)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with DecisionLog(path) as log:
        assert log.n_entries == 2
        assert log.n_bytes_cut == len(whole.splitlines()[2]) + 1 - cut
        log.append(rows[2], scorer.score(rows[2]))
    assert [entry.number for entry in read_log(path)] == [0, 1, 2]


def test_lines_longer_than_what_is_read_at_a_time(path, scorer):
    row = records(scorer, 1)[0] | {"note": "x" * (2 * _TAIL)}
    fill(path, scorer, [row, row], keep_records=True)
    with path.open("ab") as file:
        file.write(b"y" * (3 * _TAIL))
    with DecisionLog(path) as log:
        assert (log.n_entries, log.n_bytes_cut) == (2, 3 * _TAIL)
    assert len(list(read_log(path))) == 2


def test_what_is_no_log_is_not_touched(path):
    path.write_bytes(b"hello\n")
    with pytest.raises(InvalidInputError, match="the last line"):
        DecisionLog(path)
    assert path.read_bytes() == b"hello\n"


def test_one_process_writes_at_a_time(path, scorer):
    pytest.importorskip("fcntl")
    with (
        DecisionLog(path),
        pytest.raises(OutputError, match="written to by somebody else"),
    ):
        DecisionLog(path)
    DecisionLog(path).close()


def test_a_closed_log_and_places_that_do_not_exist(path, scorer, tmp_path):
    log = DecisionLog(path)
    log.close()
    row = records(scorer, 1)[0]
    with pytest.raises(OutputError, match="it is closed"):
        log.append(row, scorer.score(row))
    with pytest.raises(OutputError, match="cannot be written"):
        DecisionLog(tmp_path / "absent" / "log")
    with pytest.raises(InvalidParameterError, match="secret must be bytes"):
        DecisionLog(path, secret="text")


def test_a_full_disk_closes_the_log(path, scorer, monkeypatch):
    row = records(scorer, 1)[0]
    result = scorer.score(row)
    with DecisionLog(path) as log:
        log.append(row, result)

        class Full:
            def __init__(self, file):
                self.file = file

            def write(self, line):
                return self.file.write(line[: len(line) // 2])

            def close(self):
                self.file.close()

        log._file = Full(log._file)
        with pytest.raises(OutputError, match="half a line"):
            log.append(row, result)
    with DecisionLog(path) as log:
        assert log.n_entries == 1
        assert log.n_bytes_cut > 0


def test_hashes_do_not_depend_on_order_or_on_numpy(scorer):
    row = {"a": 1.5, "b": "x", "c": None, "d": 3}
    same = {"d": np.int64(3), "c": math.nan, "b": np.str_("x"), "a": np.float64(1.5)}
    assert hash_record(row) == hash_record(same)
    assert hash_record(row) != hash_record(row | {"a": 1.25})
    assert hash_record(row) != hash_record(row, b"secret")
    with pytest.raises(InvalidInputError, match="Field 'a' must be text"):
        hash_record({"a": object()})


def test_replay_proves_what_was_decided(path, scorer):
    fill(path, scorer, records(scorer, 30), keep_records=True)
    assert replay_log(path, scorer).to_dict() == {
        "n_entries": 30, "n_replayed": 30, "differences": [],
    }  # fmt: skip


def test_replay_from_hashes_needs_the_records(path, scorer):
    rows = records(scorer, 6)
    fill(path, scorer, rows, secret=b"k")
    assert replay_log(path, scorer).n_replayed == 0
    assert not replay_log(path, scorer).is_equal
    assert replay_log(path, scorer, records=rows).n_replayed == 0
    assert replay_log(path, scorer, records=rows[::-1], secret=b"k").is_equal


def test_replay_reports_what_another_model_says(path, scorer, card):
    fill(path, scorer, records(scorer, 2), keep_records=True)
    moved = Scorer(Artifact(Manifest("scorecard"), replace(card, intercept=-2.8)))
    found = replay_log(path, moved)
    assert {(d.number, d.name) for d in found.differences} == {
        (k, name) for k in range(2) for name in ("pd", "log_odds")
    }
    first = found.differences[0]
    assert (first.key, first.name) == ("A-0", "pd")
    assert first.found > first.logged
    assert replay_log(path, moved, tolerance=0.5).is_equal
    with pytest.raises(InvalidParameterError, match="tolerance"):
        replay_log(path, moved, tolerance=-1)


def test_replay_reports_records_that_are_refused_now(path, scorer):
    rows = records(scorer, 1)
    result = scorer.score(rows[0])
    with DecisionLog(path, keep_records=True) as log:
        log.append({"income": 1.0}, result)
    (difference,) = replay_log(path, scorer).differences
    assert (difference.name, difference.found) == ("error", "InvalidInputError")


CHILD = """
import sys
from riskkit.serving import DecisionLog, ScoreResult
result = ScoreResult(0.25, 540.0, -1.1, (), "9f86d081884c")
with DecisionLog(sys.argv[1], fsync=False) as log:
    while True:
        entry = log.append({"income": 1.0}, result)
        sys.stdout.write(f"{entry.number}\\n")
        sys.stdout.flush()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_no_acknowledged_line_is_lost_when_the_process_is_killed(path):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE
    )
    acknowledged = [child.stdout.readline() for _ in range(200)]
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    child.wait()
    last = [int(n) for n in (*acknowledged, *rest) if n.endswith(b"\n")][-1]
    with DecisionLog(path) as log:
        assert log.n_entries > last
    assert [entry.number for entry in read_log(path)] == list(range(log.n_entries))
    assert json.loads(path.read_bytes().splitlines()[last])["number"] == last
