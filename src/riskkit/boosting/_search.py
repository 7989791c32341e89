"""Tuning that says whether it was worth it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import has_fit_parameter

from riskkit._core.inputs import read_training, read_weight
from riskkit._core.params import check_int, check_option, check_real
from riskkit._core.progress import progress_bar
from riskkit.boosting._dates import read_dates
from riskkit.boosting._folds import check_inner_cv, inner_folds
from riskkit.boosting._recipe import FEW_EVENTS
from riskkit.boosting._search_folds import check_confirm, confirming_folds, inside
from riskkit.boosting._search_result import SearchResult, confirmed_gain, trial_columns
from riskkit.boosting._search_space import make_sampler, read_space
from riskkit.boosting._search_trials import Task, Trial, n_fits, run_trials
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidParameterError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit._core.progress import Progress
    from riskkit.boosting._folds import Fold
    from riskkit.boosting._search_space import Space
    from riskkit.typing import FloatArray, IntArray

__all__ = ["search"]


def search(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    space: Any = None,
    n_trials: int = 24,
    dates: Any = None,
    cv: Any = None,
    confirm: float = 0.25,
    min_gain: float = 0.0,
    sampler: str = "random",
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    random_state: Any = 0,
    verbose: bool | str = "auto",
) -> SearchResult:
    """Look for better parameters than the preset, and refuse to call noise a gain.

    Part of the rows choose among the trials, by folds; the others, which no trial has
    seen, confirm the choice against the preset. Only a gain whose interval there lies
    above `min_gain` counts, and otherwise the result is the estimator as it was given.

    Parameters
    ----------
    estimator : classifier
        With the parameters to beat, which are the preset.

    X : frame or array-like of shape (n_rows, n_features)
        Features; they reach the estimator as a pandas frame.

    y : array-like of shape (n_rows,)
        Two classes; the larger label is the event.

    space : mapping or None, default=None
        What each parameter may be: a list of values, ``(low, high)`` or ``(low, high,
        "log")``; whole numbers if both ends are. None takes a small space around the
        preset of :class:`LGBMPDClassifier` or :class:`XGBPDClassifier`.

    n_trials : int, default=24
        Parameters tried.

    dates : array-like of shape (n_rows,), optional
        Date of each row. Every model is then judged on rows that come after those it
        has learned from, and the latest rows confirm.

    cv : int, splitter, iterable or None, default=None
        Folds of the rows that choose, as `inner_cv` of :class:`LGBMPDClassifier`: five
        stratified ones, or three blocks at the end of the time. Folds given as pairs
        of rows are places among the rows that choose, in their order.

    confirm : float or int, default=0.25
        Share of the rows that confirm, drawn at random or the latest if there are
        dates. An integer makes so many outer folds instead, each with a search of its
        own (nested cross-validation): for small tables, at as many times the cost.

    min_gain : float, default=0.0
        Fall of the log-loss, in nats an account, that is worth the change.

    sampler : {"random", "tpe"}, default="random"
        Random trials race by successive halving; ``tpe`` is optuna's sampler (extra
        ``tune``), whose trials all run on all folds.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.

    level : float, default=0.95
        Level of the interval.

    random_state : int, RandomState instance or None, default=0
        Seed of the folds and the trials.

    verbose : bool or "auto", default="auto"
        Whether progress is shown on stderr; ``auto`` does so on a terminal.

    Returns
    -------
    result : SearchResult
        With ``.is_gain``, ``.estimator`` (to be fitted), ``.params``, the gain with its
        interval, and ``.frame()`` of the trials.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain, or the space names none of the estimator.
    InvalidTypeError
        If the estimator has no ``predict_proba``, or takes no weights where some are
        given.
    InvalidTargetError, InvalidInputError
        If outcomes, features or dates cannot be read.
    MissingExtraError
        If ``tpe`` is asked for without optuna.

    See Also
    --------
    PDBlendClassifier : What gains more than tuning on most tables.
    riskkit.decision.champion_challenger : Two models that are fitted already.

    Notes
    -----
    The best of many trials looks better than it is, on the rows that chose it. Its gain
    in ``frame()`` is therefore no estimate of anything. The confirming rows are used
    once, so the interval there, ``gain +- t sqrt(var(d) / n)`` of the paired row
    differences ``d``, holds for the two models compared. With outer folds, whose
    training rows overlap, the variance of the fold means is corrected as by Nadeau and
    Bengio [1]_; the interval then is one of the search as a procedure, and the
    parameters are those of one more search on all rows.

    Do not search again with other seeds until a gain is confirmed: the confirming rows
    are fresh only once.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
       Learning 52, 2003.

    Examples
    --------
    >>> from riskkit.boosting import LGBMPDClassifier, search
    >>> from riskkit.datasets import make_loan_book
    >>> book = make_loan_book(2_000, default_rate=0.15, random_state=0)
    >>> preset = LGBMPDClassifier(n_rounds=40)
    >>> result = search(preset, book.data, book.target, n_trials=3,
    ...                 space={"num_leaves": [4, 31], "reg_lambda": (1.0, 50.0, "log")})
    >>> result.is_gain
    False
    >>> model = result.estimator.fit(book.data, book.target)
    >>> len(result.frame())
    4
    """
    if not hasattr(estimator, "predict_proba"):
        msg = (
            "estimator must be a classifier with predict_proba; got "
            f"{type(estimator).__name__}."
        )
        raise InvalidTypeError(msg)
    check_int("n_trials", n_trials, low=1)
    check_inner_cv(cv)
    check_confirm(confirm)
    check_real("min_gain", min_gain, low=0)
    check_real("level", level, low=0.5, high=0.9999)
    check_option("sampler", sampler, ("random", "tpe"))
    if verbose not in (True, False, "auto"):
        msg = f"verbose must be True, False or 'auto'; got {verbose!r}."
        raise InvalidParameterError(msg)
    read = read_space(estimator, space)
    task, order = _read_task(estimator, X, y, sample_weight, dates)
    rng = check_random_state(random_state)
    seed = int(rng.randint(2**31 - 1))
    outer = confirming_folds(confirm, task.is_event, order, seed)
    plan = _Plan(task, order, read, cv, n_trials, sampler, seed)
    with progress_bar(verbose, is_long=True) as progress:
        runs = [plan.run(train, progress) for train, _ in outer]
        gains, weights, losses = [], [], []
        for fold, (_, best) in zip(outer, runs, strict=True):
            preset_loss = task.losses({}, fold)
            tuned_loss = task.losses(best.params, fold) if best.params else preset_loss
            gains.append(preset_loss - tuned_loss)
            weights.append(task.weights(fold[1]))
            losses.append((preset_loss, tuned_loss))
        trials, best = runs[0]
        if len(outer) > 1:
            trials, best = plan.run(np.arange(task.is_event.size), progress)
    n_chosen = [float(task.weights(train).sum()) for train, _ in outer]
    gain, low, high = confirmed_gain(gains, weights, n_chosen, level)
    judged = np.concatenate([rows for _, rows in outer])
    n_events = float(task.weights(judged) @ task.is_event[judged])
    _warn_of_few(n_events, float(task.weights(judged).sum()))
    is_gain = bool(best.params) and low > min_gain
    mass = np.concatenate(weights)
    preset_mean, tuned_mean = (
        float(np.average(np.concatenate(part), weights=mass))
        for part in zip(*losses, strict=True)
    )
    return SearchResult(
        is_gain=is_gain,
        estimator=clone(estimator).set_params(**(best.params if is_gain else {})),
        params=best.params,
        preset_loss=preset_mean,
        tuned_loss=tuned_mean,
        gain=gain,
        gain_low=low,
        gain_high=high,
        level=level,
        n_rows=float(mass.sum()),
        n_events=n_events,
        columns=trial_columns(trials),
    )


class _Plan:
    """How the parameters are chosen on some of the rows."""

    def __init__(
        self,
        task: Task,
        order: IntArray | None,
        space: Space,
        cv: Any,
        n_trials: int,
        sampler: str,
        seed: int,
    ) -> None:
        self._task, self._order, self._space, self._cv = task, order, space, cv
        self._n_trials, self._sampler, self._seed = n_trials, sampler, seed

    def run(self, rows: IntArray, progress: Progress) -> tuple[list[Trial], Trial]:
        """Return all trials, the preset first, and the best of them."""
        folds = self._folds(rows)
        halving = self._sampler == "random"
        progress.stage("Searching", n_fits(self._n_trials, len(folds), halving=halving))
        rng = check_random_state(self._seed)
        trials = run_trials(
            self._task,
            folds,
            make_sampler(self._sampler, self._space, rng),
            self._n_trials,
            progress,
            halving=halving,
        )
        complete = [trial for trial in trials if len(trial.losses) == len(folds)]
        return trials, min(complete, key=lambda trial: trial.loss)

    def _folds(self, rows: IntArray) -> list[Fold]:
        order = None
        if self._order is not None:
            order = np.unique(self._order[rows], return_inverse=True)[1]
        folds = inner_folds(
            self._cv, self._task.is_event[rows], order, seed=self._seed, all_folds=True
        )
        # The latest block first: what races best there is nearest to what comes.
        return inside(rows, folds[::-1] if order is not None else folds)


def _read_task(
    estimator: Any, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, dates: Any
) -> tuple[Task, IntArray | None]:
    """Check the rows; those of weight 0 are dropped."""
    training = read_training(clone(estimator), X, y, sample_weight)
    weight: FloatArray | None = training.weight
    if weight is not None and not has_fit_parameter(estimator, "sample_weight"):
        msg = (
            "estimator must take sample_weight in fit, because weights were given; "
            f"{type(estimator).__name__} does not."
        )
        raise InvalidTypeError(msg)
    order = None
    if dates is not None:
        n_given = len(np.asarray(y))
        order = read_dates(dates, n_given)
        given = read_weight(sample_weight, n_given)
        if given is not None:
            order = np.unique(order[given > 0], return_inverse=True)[1]
    # Ranks of dates order the rows as the dates do.
    task = Task(estimator, training.table, training.is_event, weight, order)
    return task, order


def _warn_of_few(n_events: float, n_rows: float) -> None:
    if min(n_events, n_rows - n_events) < FEW_EVENTS:
        msg = (
            f"The confirming rows hold {n_events:g} events in {n_rows:g}: too few to "
            "tell a gain from chance. Take a larger share, or outer folds by an "
            "integer for confirm."
        )
        warnings.warn(msg, FewEventsWarning, stacklevel=3)
