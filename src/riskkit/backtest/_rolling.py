"""The rolling backtest: what a model would have done, window by window."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit import __version__
from riskkit._core.dates import add_months, read_event_dates
from riskkit._core.frames import is_frame
from riskkit._core.params import check_int, check_option, check_real
from riskkit._core.progress import progress_bar
from riskkit.backtest._checks import check_level
from riskkit.backtest._leakage import suspicious_columns
from riskkit.backtest._measures import Sample, band_rows, cut_bands, measure
from riskkit.backtest._models import GivenScore, Task, read_models, run
from riskkit.backtest._rolling_tables import Outcome, make_tables
from riskkit.backtest._split import OutOfTimeSplit
from riskkit.backtest._store import Store, fingerprint
from riskkit.backtest._vintage_book import read_amounts
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    LeakageWarning,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from riskkit.backtest._rolling_result import BacktestResult
    from riskkit.backtest._store import Finished
    from riskkit.backtest._windows import Window
    from riskkit.typing import BoolArray, FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["rolling_backtest"]


def rolling_backtest(
    models: Any | Mapping[str, Any],
    X: Any,
    y: ArrayLike | None = None,
    *,
    split: OutOfTimeSplit,
    event_dates: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    champion: str | None = None,
    n_bands: int = 10,
    level: float = 0.95,
    suspicious_auc: float = 0.80,
    folder: str | os.PathLike[str] | None = None,
    n_jobs: int | None = None,
    verbose: bool | str = "auto",
) -> BacktestResult:
    """Fit and judge models in every window of a split by time.

    Parameters
    ----------
    models : model, or mapping of str to model
        A model is an estimator, which is fitted anew in every window; a fitted one in
        ``sklearn.frozen.FrozenEstimator``, which stays as it is; a scorer that
        :func:`riskkit.serving.load_scorer` returned; or a :class:`GivenScore`.

    X : frame or array-like of shape (n_rows, n_features)
        What was known of each row when it began.

    y : array-like of shape (n_rows,), default=None
        Outcomes: 1 for an event within the performance window of the split, else 0.

    split : OutOfTimeSplit
        The windows, with the dates of the rows.

    event_dates : array-like of shape (n_rows,), default=None
        Instead of `y`: day of the event, missing where there was none. An event counts
        if it came within the performance window.

    groups : array-like of shape (n_rows,), default=None
        Groups that must not be on both sides of a split, such as customers.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each row, in fitting and in measuring.

    champion : str, default=None
        Name of the model that the others are compared with; None takes the first.

    n_bands : int, default=10
        Bands of the score, of equal size in training.

    level : float, default=0.95
        Level of the intervals.

    suspicious_auc : float, default=0.80
        A column that alone ranks better than this is named in a warning. In the usual
        open credit data the best honest column comes to 0.78.

    folder : path, default=None
        Where finished windows are kept. A backtest that was stopped goes on from there;
        a window is done again if its model, its rows or their outcomes have changed.

    n_jobs : int or None, default=None
        Processes; None is one, -1 as many as there are processors.

    verbose : bool or "auto", default="auto"
        Whether progress is shown on stderr; ``auto`` does so on a terminal.

    Returns
    -------
    result : BacktestResult
        With ``.frame(name)`` and ``.predictions()``.

    Raises
    ------
    InvalidInputError, InvalidTargetError
        If rows do not match, outcomes are missing, or a window has none of one kind to
        learn from.
    InvalidParameterError, InvalidTypeError
        If a parameter is outside its domain, or a model is none.
    OutputError
        If `folder` cannot be used.

    Warns
    -----
    LeakageWarning
        If a column alone ranks the outcomes suspiciously well.

    See Also
    --------
    OutOfTimeSplit : The windows.
    validate_pd : All tests of one sample of PDs.

    Notes
    -----
    Dates are handed to models whose ``fit`` takes them, so that their own choices are
    made by time too. What a model warns of is kept in the table ``warnings``. Each
    model and window is one task: results do not depend on the number of processes, or
    on being stopped and resumed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from riskkit.backtest import OutOfTimeSplit, rolling_backtest
    >>> rng = np.random.default_rng(0)
    >>> dates = np.datetime64("2001-01-01") + rng.integers(0, 5 * 365, 4_000)
    >>> X = rng.normal(size=(4_000, 2))
    >>> y = (rng.random(4_000) < 1 / (1 + np.exp(2 - X[:, 0]))).astype(int)
    >>> split = OutOfTimeSplit(dates)
    >>> result = rolling_backtest(LogisticRegression(), X, y, split=split)
    >>> result.frame()[["window", "n_train", "n", "n_event"]]
      window  n_train      n  n_event
    0   2003    807.0  805.0    129.0
    1   2004   1583.0  776.0    113.0
    2   2005   2388.0  836.0    139.0
    """
    _check_settings(split, n_bands, level, suspicious_auc, verbose)
    check_int("n_jobs", n_jobs, low=-1, none_allowed=True)
    rows = _Rows.read(X, y, split, event_dates, sample_weight)
    named = read_models(models, rows.days.size)
    if champion is not None:
        check_option("champion", champion, tuple(named))
    store = None if folder is None else Store(folder)

    windows = split.windows()
    parts = list(split.split(rows.X, groups=groups))
    _check_learnable(named, windows, parts, rows)
    leaks = _warn_of_leaks(named, rows, parts, suspicious_auc)

    job = _Job(rows, n_bands, level)
    tasks = {
        (window.label, name): Task(model, *part)
        for window, part in zip(windows, parts, strict=True)
        for name, model in named.items()
    }
    finished = _run_all(tasks, job, store, n_jobs, verbose)
    outcomes = [
        Outcome(
            window, name, tasks[window.label, name].test, *finished[window.label, name]
        )
        for window in windows
        for name in named
    ]
    return make_tables(
        outcomes,
        is_event=rows.y == 1,
        weight=rows.weight,
        champion=champion or next(iter(named)),
        scheme=repr(split),
        leaks=leaks,
        level=level,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    X: Any
    y: NDArray[np.intp]
    weight: FloatArray
    is_weighted: bool
    days: Days

    @classmethod
    def read(
        cls, X: Any, y: Any, split: OutOfTimeSplit, event_dates: Any, weight: Any
    ) -> _Rows:
        days = split.days()
        X = X if is_frame(X) else np.asarray(X)
        if np.ndim(X) != 2 or np.shape(X)[0] != days.size:
            msg = (
                f"X must be a table of the {days.size} rows whose dates the split has; "
                f"got shape {np.shape(X)}."
            )
            raise InvalidInputError(msg)
        return cls(
            X=X,
            y=_read_outcomes(y, event_dates, days, split.performance_window),
            weight=read_amounts("sample_weight", weight, days.size),
            is_weighted=weight is not None,
            days=days,
        )

    def sample(self, rows: IntArray) -> Sample:
        return Sample(self.y[rows] == 1, self.weight[rows])


@dataclass(frozen=True, eq=False)
class _Job:
    """What every task needs; it goes to each process once a task."""

    rows: _Rows
    n_bands: int
    level: float

    def do(self, task: Task) -> Finished:
        """Run one model in one window, and measure it."""
        start = time.perf_counter()
        rows = self.rows
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            weight = rows.weight if rows.is_weighted else None
            scored = run(task, rows.X, rows.y, weight, rows.days)
        train, test = rows.sample(task.train), rows.sample(task.test)
        cut = cut_bands(scored, train, test, n_bands=self.n_bands)
        found = {
            "measures": measure(scored, train, test, cut, level=self.level),
            "bands": band_rows(cut, is_pd=scored.is_pd, level=self.level),
            "importance": scored.importance,
            "warnings": sorted({(w.category.__name__, str(w.message)) for w in heard}),
            "seconds": time.perf_counter() - start,
        }
        return found, scored.test

    def mark(self, table: str, task: Task) -> str:
        """Return the fingerprint of a task."""
        settings = (__version__, self.n_bands, self.level, self.rows.is_weighted)
        held = np.concatenate([task.train, task.test])
        return fingerprint(
            table,
            task.model,
            task.train,
            task.test,
            self.rows.y[held],
            self.rows.weight[held],
            self.rows.days[held].astype(np.int64),
            settings,
        )


def _run_all(
    tasks: dict[tuple[str, str], Task],
    job: _Job,
    store: Store | None,
    n_jobs: int | None,
    verbose: bool | str,
) -> dict[tuple[str, str], Finished]:
    """Take finished windows from the folder, and do the others."""
    from joblib import Parallel, delayed

    finished: dict[tuple[str, str], Finished] = {}
    marks: dict[tuple[str, str], str] = {}
    if store is not None:
        table = fingerprint(job.rows.X)
        for key, task in tasks.items():
            marks[key] = job.mark(table, task)
            kept = store.load(store.path(key[1], key[0]), marks[key])
            if kept is not None:
                finished[key] = kept
    open_keys = [key for key in tasks if key not in finished]
    with progress_bar(verbose, is_long=True) as bar:
        bar.stage("Backtest", len(tasks))
        for window, name in finished:
            bar.step(f"{window} {name}, done before")
        runs = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
            delayed(_do)(key, job, tasks[key], store, marks.get(key, ""))
            for key in open_keys
        )
        for key, result in runs:
            finished[key] = result
            bar.step(f"{key[0]} {key[1]}")
    return finished


def _do(
    key: tuple[str, str], job: _Job, task: Task, store: Store | None, mark: str
) -> tuple[tuple[str, str], Finished]:
    """Do one task; the process that did it keeps it, before anything can stop it."""
    result = job.do(task)
    if store is not None:
        store.save(store.path(key[1], key[0]), mark, result)
    return key, result


def _check_settings(
    split: Any, n_bands: Any, level: Any, suspicious_auc: Any, verbose: Any
) -> None:
    if not isinstance(split, OutOfTimeSplit):
        msg = f"split must be an OutOfTimeSplit; got a {type(split).__name__}."
        raise InvalidTypeError(msg)
    check_int("n_bands", n_bands, low=2)
    check_level(level)
    check_real("suspicious_auc", suspicious_auc, low=0.5, high=1.0)
    if not isinstance(verbose, bool) and verbose != "auto":
        msg = f"verbose must be True, False or 'auto'; got {verbose!r}."
        raise InvalidParameterError(msg)


def _read_outcomes(
    y: Any, event_dates: Any, days: Days, window: int
) -> NDArray[np.intp]:
    if (y is None) == (event_dates is None):
        msg = (
            "Outcomes must be given once, as y or as event_dates; got "
            f"{'neither' if y is None else 'both'}."
        )
        raise InvalidTargetError(msg)
    if y is None:
        events = read_event_dates(event_dates, days)
        return np.asarray(events < add_months(days, window), dtype=np.intp)
    values = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if values.shape != days.shape:
        msg = (
            f"y must hold one outcome for each of the {days.size} rows; got shape "
            f"{values.shape}."
        )
        raise InvalidTargetError(msg)
    is_event, is_none = np.asarray(values == 1), np.asarray(values == 0)
    n_wrong = int(np.count_nonzero(~is_event & ~is_none))
    if n_wrong:
        msg = (
            f"y must be 1 for an event and 0 for none; {n_wrong} of {days.size} "
            "outcomes are something else or missing. Leave rows without an outcome "
            "out, together with their dates."
        )
        raise InvalidTargetError(msg)
    return is_event.astype(np.intp)


def _check_learnable(
    models: dict[str, Any],
    windows: list[Window],
    parts: list[tuple[IntArray, IntArray]],
    rows: _Rows,
) -> None:
    is_fitted = any(_is_fitted_anew(model) for model in models.values())
    for window, (train, test) in zip(windows, parts, strict=True):
        sample = rows.sample(train)
        if 0.0 in (sample.n, rows.sample(test).n):
            msg = (
                "Every window must have rows of some weight to learn from and to be "
                f"judged on; those of {window.label} have weight 0 in one part."
            )
            raise InvalidInputError(msg)
        if not is_fitted:
            continue
        if sample.n_event in (0.0, sample.n):
            kind = "event" if sample.n_event == 0 else "non-event"
            msg = (
                "Every window must have events and non-events to learn from; the "
                f"{train.size} training rows of {window.label} hold no {kind}. Take "
                "longer training, a later first_test, or a longer window."
            )
            raise InvalidTargetError(msg)


def _is_fitted_anew(model: Any) -> bool:
    return not isinstance(model, GivenScore) and not hasattr(model, "score_batch")


def _warn_of_leaks(
    models: dict[str, Any],
    rows: _Rows,
    parts: list[tuple[IntArray, IntArray]],
    limit: float,
) -> dict[str, float]:
    """Warn of columns that give the outcome away, if any model looks at columns."""
    if all(isinstance(model, GivenScore) for model in models.values()):
        return {}
    used: BoolArray = np.zeros(rows.days.size, dtype=np.bool_)
    for part in parts:
        for held in part:
            used[held] = True
    is_event = rows.y == 1
    # Rows that no window uses have no say: their outcomes may not be known yet.
    leaks = suspicious_columns(rows.X, is_event, rows.weight * used, limit)
    if leaks:
        shown = ", ".join(f"{name!r} ({area:.3f})" for name, area in leaks.items())
        msg = (
            f"Columns should not tell the outcome by themselves; {shown} alone rank it "
            f"with an AUC above {limit:g}, as hardly anything does that is known when "
            "a loan is asked for. Find out when they are filled; if afterwards, the "
            "backtest flatters every model that uses them: leave them out."
        )
        warnings.warn(msg, LeakageWarning, stacklevel=3)
    return leaks
