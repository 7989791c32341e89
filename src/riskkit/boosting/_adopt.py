"""Trees that were grown elsewhere, on more rows than fit into memory."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import xgboost
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from riskkit._core.frames import Table
from riskkit._core.inputs import read_features
from riskkit._core.progress import Progress
from riskkit.boosting import _lgbm, _xgb
from riskkit.boosting._audit import audit_constraints
from riskkit.boosting._base import BasePDBooster
from riskkit.boosting._columns import code_table
from riskkit.boosting._contributions import explain_codes
from riskkit.boosting._directions import Directions
from riskkit.boosting._plan import TreePlan
from riskkit.boosting._recipe import FEW_EVENTS
from riskkit.boosting._reference import along_the_scores
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.artifact import BoosterSpec
    from riskkit.boosting._plan import Forest

__all__ = ["GrowthPlan", "adopt_booster", "growth_plan"]


@dataclass(frozen=True)
class GrowthPlan:
    """What a fitted model would tell its library to grow the same kind of trees.

    Parameters
    ----------
    library : {"lightgbm", "xgboost"}
        Whose trees they are.

    parameters : dict
        In the words of the library.

    n_rounds : int
        How many trees.

    spec : BoosterSpec
        The bins and codes of the model.

    See Also
    --------
    growth_plan : Makes one.

    Examples
    --------
    >>> from riskkit.boosting import LGBMPDClassifier, growth_plan
    >>> from riskkit.datasets import load_sba_loans
    >>> loans = load_sba_loans()
    >>> X = loans.data[["SBA_Appv", "NoEmp"]][:3000]
    >>> model = LGBMPDClassifier(n_rounds=5).fit(X, loans.target[:3000])
    >>> plan = growth_plan(model)
    >>> plan.library, plan.n_rounds, plan.codes(X).shape
    ('lightgbm', 5, (3000, 2))
    """

    library: str
    parameters: dict[str, Any]
    n_rounds: int
    spec: BoosterSpec

    def codes(self, X: Any) -> NDArray[np.float32]:
        """Return rows as the columns of whole numbers that the trees split on.

        Parameters
        ----------
        X : frame or mapping of columns
            Raw rows; columns are matched by name.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_columns)
            NaN where a column has no number.
        """
        table = Table.read(X).select(self.spec.names)
        return code_table(self.spec, table)


def growth_plan(model: BasePDBooster) -> GrowthPlan:
    """Return how the trees of a fitted model are grown, for growing them elsewhere.

    Parameters
    ----------
    model : LGBMPDClassifier or XGBPDClassifier
        Fitted, such as to a sample.

    Returns
    -------
    plan : GrowthPlan
        Its bins and codes, its parameters and number of rounds.

    Raises
    ------
    InvalidTypeError
        If `model` is of another type.
    InvalidInputError
        If it has a calibration, too few events, or no trees.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.

    See Also
    --------
    adopt_booster : Takes the trees back.

    Examples
    --------
    >>> from riskkit.boosting import XGBPDClassifier, growth_plan
    >>> from riskkit.datasets import load_sba_loans
    >>> loans = load_sba_loans()
    >>> X = loans.data[["SBA_Appv", "NoEmp"]][:3000]
    >>> model = XGBPDClassifier(n_rounds=5).fit(X, loans.target[:3000])
    >>> growth_plan(model).parameters["objective"]
    'binary:logistic'
    """
    _check_model(model)
    columns, signs = model.spec_.columns, model.spec_.monotone
    plan = TreePlan(
        parameters=model._growth(model.n_rows_, model.n_events_, is_thin=False),  # noqa: SLF001
        intercept=model.spec_.intercept,
        monotone=tuple(signs[c.feature] if c.role == "value" else 0 for c in columns),
        n_codes=1 + max(code or 0 for c in columns for code in c.codes),
        seed=int(check_random_state(model.random_state).randint(2**31 - 1)),
        n_threads=0,
    )
    if model._library == "lightgbm":  # noqa: SLF001
        parameters = _lgbm.growth_parameters(plan, int(model.n_rows_))
    else:
        parameters = _xgb.growth_parameters(plan)
    return GrowthPlan(model._library, parameters, model.n_rounds_, model.spec_)  # noqa: SLF001


def adopt_booster(
    model: BasePDBooster, booster: Any, X: Any, *, n_rows: float, n_events: float
) -> BasePDBooster:
    """Return a model with trees that its library grew elsewhere on the same codes.

    Parameters
    ----------
    model : LGBMPDClassifier or XGBPDClassifier
        Fitted; whose :func:`growth_plan` coded the rows. It is left as it is.

    booster : lightgbm.Booster or xgboost.Booster
        Grown from the codes, in the order of their columns, whatever their names; every
        row started at the log-odds of the event rate.

    X : frame or array-like of shape (n_samples, n_features)
        Rows that stand for all, such as those that `model` was fitted to: the audit of
        the constraints, the importances, and what reasons compare with come from them.

    n_rows, n_events : float
        Accounts and events that the trees were grown from.

    Returns
    -------
    model : estimator of the same class
        Fitted: it scores, explains and is saved as any other. The prices of the
        constraints were those of other trees, and are NaN.

    Raises
    ------
    InvalidTypeError
        If the booster is of another library, or `model` is of another type.
    InvalidInputError
        If the counts are impossible, or the trees split on columns that the codes do
        not have.

    See Also
    --------
    riskkit.engines.fit_boosted : Grows the trees on a Dask frame.

    Examples
    --------
    >>> import lightgbm
    >>> import numpy as np
    >>> from riskkit.boosting import LGBMPDClassifier, adopt_booster, growth_plan
    >>> from riskkit.datasets import load_sba_loans
    >>> loans = load_sba_loans()
    >>> X, y = loans.data[["SBA_Appv", "NoEmp"]], loans.target
    >>> model = LGBMPDClassifier(n_rounds=5).fit(X[:3000], y[:3000])
    >>> plan = growth_plan(model)
    >>> start = np.full(len(y), np.log(y.mean() / (1 - y.mean())))
    >>> rows = lightgbm.Dataset(plan.codes(X), y, init_score=start)
    >>> booster = lightgbm.train(plan.parameters, rows, plan.n_rounds)
    >>> adopted = adopt_booster(
    ...     model, booster, X[:3000], n_rows=len(y), n_events=y.sum())
    >>> adopted.n_rows_ == len(y)
    True
    """
    _check_model(model)
    if not 0 < n_events < n_rows:
        msg = (
            "n_events must lie between 0 and n_rows, as both classes are needed; got "
            f"{n_events:g} of {n_rows:g}."
        )
        raise InvalidInputError(msg)
    forest = _forest_of(booster, model._library)  # noqa: SLF001
    trees = forest.trees()
    old = model.spec_
    widest = max((max(tree.column, default=-1) for tree in trees), default=-1)
    if widest >= len(old.columns):
        msg = (
            f"The booster must be grown from the {len(old.columns)} columns of "
            f"growth_plan(model).codes; it splits on column {widest}. Grow it again."
        )
        raise InvalidInputError(msg)
    # As in a fit: both libraries start at a number of single precision.
    intercept = float(np.float32(np.log(n_events / (n_rows - n_events))))
    names = list(old.names)
    codes = code_table(old, read_features(model, X, reset=False, names=names))
    rows = along_the_scores(lambda k: forest.log_odds(codes[k]), None, len(codes))
    _, values = explain_codes(
        forest,
        old.columns,
        len(old.features),
        intercept,
        model._calibration,  # noqa: SLF001
        codes[rows],
    )
    known = model.monotone_audit_
    result = copy(model)
    result._forest, result.booster_ = forest, forest.booster  # noqa: SLF001
    result.n_rows_, result.n_events_ = float(n_rows), float(n_events)
    result.n_rounds_ = len(trees)
    result.monotone_audit_ = audit_constraints(
        old.features,
        old.columns,
        Directions(
            old.monotone,
            given=any(row.source == "given" for row in known.rows),
            left_free=dict(known.left_free),
        ),
        forest,
        trees,
        codes[rows[::4]],
        {},
        None,
        Progress(),
    )
    n_reference = max(1, round(model.reference_share * len(values)))
    result.spec_ = replace(
        old,
        trees=trees,
        intercept=intercept,
        reference=tuple(values[:n_reference].mean(axis=0).tolist()),
    )
    spread = np.abs(values - values.mean(axis=0)).mean(axis=0)
    by_name = dict(zip(names, spread.tolist(), strict=True))
    result.feature_importances_ = np.array(
        [by_name.get(name, 0.0) for name in _inputs(model)]
    )
    return result


def _inputs(model: BasePDBooster) -> list[str]:
    """Return the columns that the model was given, those left out as well."""
    n = len(model.feature_importances_)
    return list(getattr(model, "feature_names_in_", [f"x{j}" for j in range(n)]))


def _forest_of(booster: Any, library: str) -> Forest:
    kinds: dict[str, Any] = {"lightgbm": lightgbm.Booster, "xgboost": xgboost.Booster}
    if not isinstance(booster, kinds[library]):
        msg = (
            f"booster must be a Booster of {library}, as the model is; got a "
            f"{type(booster).__name__} of {type(booster).__module__.split('.')[0]}."
        )
        raise InvalidTypeError(msg)
    if library == "lightgbm":
        return _lgbm.LGBMForest(booster.model_to_string(), 0)
    return _xgb.XGBForest(booster.save_raw("ubj"), 0)


def _check_model(model: Any) -> None:
    if not isinstance(model, BasePDBooster):
        msg = (
            "model must be an LGBMPDClassifier or an XGBPDClassifier; got "
            f"{type(model).__name__}."
        )
        raise InvalidTypeError(msg)
    check_is_fitted(model)
    if model.calibration_ is not None:
        msg = (
            "The model must have no calibration of its own, which belongs to its own "
            "trees. Fit it with calibration=None, and calibrate the new trees on rows "
            "that were held out."
        )
        raise InvalidInputError(msg)
    n_rarer = min(model.n_events_, model.n_rows_ - model.n_events_)
    if not model.spec_.trees or n_rarer < FEW_EVENTS:
        msg = (
            f"The model must have been fitted to at least {FEW_EVENTS} accounts of "
            f"either class, and have found something; it has {n_rarer:g} and "
            f"{len(model.spec_.trees)} trees. Fit it to a larger sample."
        )
        raise InvalidInputError(msg)
