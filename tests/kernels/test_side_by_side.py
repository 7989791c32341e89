"""Work shared by two threads: everything once, errors as in one thread."""

from __future__ import annotations

import threading
import time

import pytest

from riskkit._kernels.side_by_side import side_by_side

BOTH = pytest.mark.parametrize("has_helper", [False, True])


@BOTH
@pytest.mark.parametrize("n", [0, 1, 2, 57])
def test_every_piece_once(has_helper, n):
    done: list[int] = []
    side_by_side(n, list, lambda k, _: done.append(k), has_helper=has_helper)
    assert sorted(done) == list(range(n))


@BOTH
def test_tools_belong_to_one_thread(has_helper):
    made: list[dict[str, int]] = []

    def make():
        made.append({"thread": threading.get_ident()})
        return made[-1]

    def work(_, tools):
        assert tools["thread"] == threading.get_ident()
        time.sleep(0.002)

    side_by_side(20, make, work, has_helper=has_helper)
    assert len(made) == 1 + has_helper
    assert len({tools["thread"] for tools in made}) == len(made)


@BOTH
def test_the_first_error_is_raised_and_nothing_begun_after_it(has_helper):
    begun: list[int] = []

    def work(k, _):
        begun.append(k)
        if k == 6:
            time.sleep(0.02)  # the later error comes first
        if k in {6, 7}:
            msg = f"piece {k}"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="piece 6"):
        side_by_side(50, list, work, has_helper=has_helper)
    assert max(begun) <= 8


@BOTH
def test_tools_that_cannot_be_made(has_helper):
    def make():
        msg = "no memory"
        raise MemoryError(msg)

    with pytest.raises(MemoryError, match="no memory"):
        side_by_side(5, make, lambda *_: None, has_helper=has_helper)
