"""Work shared by two threads."""

import threading

import pytest

from riskkit._core.side_by_side import side_by_side


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_every_number_is_worked_off_once(n, alone):
    done = []
    side_by_side(done.append, n, alone=alone)
    assert sorted(done) == list(range(n))


def test_alone_means_in_the_calling_thread():
    threads = set()
    side_by_side(lambda _: threads.add(threading.get_ident()), 9, alone=True)
    assert threads == {threading.get_ident()}


def test_an_error_comes_back_and_no_thread_is_left():
    before = threading.active_count()

    def work(number):
        if number == 3:
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        side_by_side(work, 9)
    assert threading.active_count() == before
