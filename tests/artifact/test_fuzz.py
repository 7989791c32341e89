"""A slice of the fuzz of benchmarks/fuzz_artifacts.py: no damage gets through."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz_artifacts.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_artifacts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_artifacts_are_refused_or_sound(fuzz):
    outcomes, faults, slowest = fuzz.run(2_000, seed=2026)
    assert not faults, faults[0]
    assert outcomes["bytes: changed"] == 0
    assert slowest < 2
    # The slice is worth something only if it reaches both sides of every check.
    assert outcomes["bytes: refused"] > 800
    assert outcomes["content: refused"] > 600
    assert outcomes["content: another sound model"] > 100


def test_the_fuzz_would_notice(fuzz, monkeypatch):
    """A reader that skips checksums and hashes, or a score that is none, is found."""
    with monkeypatch.context() as patched:
        patched.setattr("riskkit.artifact._zip._is_whole", lambda *_: True)
        patched.setattr("riskkit.artifact._files._check_hashes", lambda *_: None)
        outcomes, faults, _ = fuzz.run(300, seed=5)
        assert outcomes["bytes: changed"] > 0
        assert not faults
    with monkeypatch.context() as patched:
        patched.setattr("riskkit.serving._card.sigmoid", lambda _: math.nan)
        _, faults, _ = fuzz.run(300, seed=5)
        assert faults
