"""A synthetic loan book whose true PD is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit.datasets._embedded import read_card

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import RandomState
    from sklearn.utils import Bunch

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["make_loan_book"]

HORIZON = 12
NO_HIT = -1
FIRST_MONTH = np.datetime64("2020-01", "M")
FEATURES = (
    "age",
    "income",
    "months_on_job",
    "employment",
    "debt_to_income",
    "utilisation",
    "inquiries",
    "bureau_score",
    "loan_amount",
    "purpose",
    "channel",
)
# Share of the applications and effect on the log-odds of default, by level.
EMPLOYMENT = {
    "permanent": (0.64, 0.0),
    "temporary": (0.16, 0.35),
    "self-employed": (0.14, 0.25),
    "pensioner": (0.06, -0.2),
}
PURPOSE = {
    "car": (0.35, 0.0),
    "home improvement": (0.2, -0.25),
    "debt consolidation": (0.3, 0.2),
    "other": (0.15, 0.3),
}
CHANNEL = {"branch": (0.45, 0.0), "online": (0.35, 0.15), "broker": (0.2, 0.4)}
# Share of the cumulative hazard in each month on book: it rises, then falls.
TIMING = np.array([1.0, 2, 4, 6, 8, 10, 10, 9, 8, 7, 6, 5]) / 76.0


def make_loan_book(
    n_samples: int = 10_000,
    *,
    n_months: int = 36,
    default_rate: float = 0.05,
    drift: float = 0.0,
    odds_shift: float = 0.0,
    reject_rate: float = 0.0,
    missing_rate: float = 0.05,
    random_state: int | RandomState | None = None,
) -> Bunch:
    """Make a loan book with dates, an old policy and the true PD of every loan.

    Applications arrive over `n_months` months. The log-odds of default within twelve
    months are an explicit function of the features, written out in `DESCR`, so that
    a model, a calibration, a monitor or a reject inference can be held against the
    truth.

    Parameters
    ----------
    n_samples : int, default=10_000
        Applications.

    n_months : int, default=36
        Months of application; the first is January 2020.

    default_rate : float, default=0.05
        Mean true PD of the book without drift and shift, in [0.0001, 0.9999].

    drift : float, default=0.0
        Population drift: by the last month, income, debt-to-income, utilisation and
        bureau score have moved by this many standard deviations, towards risk if
        positive. The odds of an applicant with given features stay what they were.

    odds_shift : float, default=0.0
        Calibration shift: added to the log-odds of default by the last month,
        riskier if positive. The features stay what they were.

    reject_rate : float, default=0.0
        Share of the applications that the old policy declines, in [0, 1]: those
        with the lowest policy score.

    missing_rate : float, default=0.05
        Probability, in [0, 1], that `income` is missing, and that `months_on_job`
        is. Neither depends on anything else.

    random_state : int, RandomState instance or None, default=None
        Seed. One seed gives one book; parameters leave alone what they do not name.

    Returns
    -------
    bunch : sklearn.utils.Bunch
        A dictionary with attributes; all arrays have one entry an application, in
        order of application.

        data : pandas.DataFrame of shape (n_samples, 11)
            Features; `bureau_score` is -1 where the bureau knows nobody.
        target : ndarray, int
            1 if the loan defaults within twelve months, also where it is unseen.
        pd : ndarray, float
            True probability of that default.
        log_odds : ndarray, float
            ``log(pd / (1 - pd))``, in nats; up is riskier.
        dates : ndarray, datetime64
            Date of application.
        intercept : float
            Constant of the log-odds that gives `default_rate`.
        default_month : ndarray, float
            Month on book of the default, 1 to 12; NaN if there is none.
        hazard : ndarray of shape (n_samples, 12)
            True probability of default in each month on book, given survival to it.
        policy_score : ndarray, float
            Points of the old policy; up is safer.
        accepted : ndarray, bool
            Whether the old policy accepted the application.
        months_on_book : ndarray, int
            Whole months between application and `as_of`.
        mature : ndarray, bool
            Whether these are twelve or more.
        observed : ndarray, bool
            ``accepted & mature``: the lender has seen `target` at `as_of`.
        as_of : datetime64
            First day after the last month of application.
        feature_names, target_names : list of str
            Columns of `data`; names of the outcomes 0 and 1.
        special_codes : dict
            ``{"bureau_score": [-1]}``.
        frame : pandas.DataFrame
            `data`, `application_date` and every array above but `hazard`.
        DESCR : str
            Data card with the formulas, in Markdown.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its domain.

    See Also
    --------
    load_sba_loans : Real small-business loans.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> book = make_loan_book(5_000, default_rate=0.08, random_state=7)
    >>> book.data.shape
    (5000, 11)
    >>> print(f"{book.pd.mean():.4f}")
    0.0800
    >>> book.special_codes
    {'bureau_score': [-1]}

    Declined applications have a true outcome that the lender never saw:

    >>> book = make_loan_book(5_000, reject_rate=0.3, random_state=7)
    >>> print(book.accepted.mean())
    0.7
    >>> bool(book.pd[~book.accepted].mean() > book.pd[book.accepted].mean())
    True
    """
    check_int("n_samples", n_samples, low=1)
    check_int("n_months", n_months, low=1)
    check_real("default_rate", default_rate, low=0.0001, high=0.9999)
    check_real("drift", drift)
    check_real("odds_shift", odds_shift)
    check_real("reject_rate", reject_rate, low=0.0, high=1.0)
    check_real("missing_rate", missing_rate, low=0.0, high=1.0)

    from sklearn.utils import Bunch, check_random_state

    # RandomState and not Generator: NumPy freezes its streams for good.
    rng = check_random_state(random_state)
    month = np.sort(rng.randint(n_months, size=n_samples))
    elapsed = month / max(n_months - 1, 1)
    dates = np.sort(_days_in(FIRST_MONTH + month, rng.random_sample(n_samples)))

    draws = _draw(rng, n_samples)
    usual = _features(draws, np.zeros(n_samples))
    complete = _features(draws, drift * elapsed)
    intercept = _solve_intercept(true_log_odds(usual), default_rate)
    log_odds = intercept + true_log_odds(complete) + odds_shift * elapsed
    pd_true = 1.0 / (1.0 + np.exp(-log_odds))
    default_month = _default_month(pd_true, draws["default"])

    policy_score = _policy_score(complete, draws["policy"])
    accepted = _accept(policy_score, reject_rate)
    months_on_book = n_months - 1 - month
    mature = months_on_book >= HORIZON

    rows: dict[str, Any] = {
        "target": np.isfinite(default_month).astype(np.intp),
        "pd": pd_true,
        "log_odds": log_odds,
        "default_month": default_month,
        "policy_score": policy_score,
        "accepted": accepted,
        "months_on_book": months_on_book,
        "mature": mature,
        "observed": accepted & mature,
    }
    data = _hide(complete, draws, missing_rate)
    return Bunch(
        data=data,
        **rows,
        dates=dates,
        intercept=intercept,
        hazard=_hazard(pd_true),
        as_of=(FIRST_MONTH + n_months).astype("datetime64[D]"),
        feature_names=list(FEATURES),
        target_names=["no default", "default"],
        special_codes={"bureau_score": [NO_HIT]},
        frame=data.assign(application_date=dates, **rows),
        DESCR=read_card("loan_book"),
    )


def true_log_odds(features: dict[str, Any]) -> FloatArray:
    """Return the log-odds of default up to the intercept; `DESCR` writes them out."""
    debt = features["debt_to_income"]
    score = features["bureau_score"]
    stretched = (features["purpose"] == "debt consolidation") & (debt > 0.4)
    eta: FloatArray = (
        -0.5 * np.log(features["income"] / 32_000)
        + 0.0008 * (features["age"] - 48.0) ** 2
        - 0.2 * np.log1p(features["months_on_job"] / 12)
        + 2.0 * (debt - 0.3)
        + 1.2 * (features["utilisation"] - 0.4)
        + 0.2 * np.minimum(features["inquiries"], 6)
        + np.where(score == NO_HIT, 0.5, -0.009 * (score - 660))
        + 0.15 * np.log(features["loan_amount"] / 10_000)
        + _effect(features["employment"], EMPLOYMENT)
        + _effect(features["purpose"], PURPOSE)
        + _effect(features["channel"], CHANNEL)
        + 0.6 * stretched
    )
    return eta


def _effect(levels: Any, table: dict[str, tuple[float, float]]) -> FloatArray:
    effect = np.zeros(len(levels))
    for level, (_, value) in table.items():
        effect[levels == level] = value
    return effect


def _draw(rng: RandomState, n: int) -> dict[str, Any]:
    """Draw all randomness at once, so that no parameter moves another's draws."""
    normal = ["income", "debt", "utilisation", "score", "amount", "policy"]
    uniform = ["tenure", "inquiries", "no_hit", "default", "no_income", "no_tenure"]
    uniform += ["employment", "purpose", "channel"]
    draws: dict[str, Any] = {name: rng.standard_normal(n) for name in normal}
    draws |= {name: rng.random_sample(n) for name in uniform}
    return draws | {"age": rng.beta(1.8, 2.8, size=n)}


def _features(draws: dict[str, Any], move: FloatArray) -> dict[str, Any]:
    """Return the complete features, `move` standard deviations towards risk."""
    from scipy.special import expit
    from scipy.stats import poisson

    age = 18 + np.floor(58 * draws["age"])
    income = np.exp(np.log(32_000) + 0.5 * (draws["income"] - move))
    used = draws["utilisation"] + move
    quality = 0.75 * draws["score"] - 0.4 * draws["utilisation"] + 0.01 * (age - 40)
    score = np.clip(np.rint(660 + 65 * (quality - move)), 300, 850)
    tenure = np.minimum(-60 * np.log1p(-draws["tenure"]), 12 * (age - 18))
    employment = _levels(draws["employment"], EMPLOYMENT)
    employment[age >= 66] = "pensioner"
    amount = 9_000 * np.exp(0.25 * draws["income"] + 0.6 * draws["amount"])
    # The undrifted utilisation: the bureau asks do not follow the drift.
    asks = poisson.ppf(draws["inquiries"], np.exp(-0.3 + 0.35 * draws["utilisation"]))
    return {
        "age": age.astype(np.intp),
        "income": np.maximum(np.rint(income / 100) * 100, 100.0),
        "months_on_job": np.floor(tenure),
        "employment": employment,
        "debt_to_income": np.round(expit(-1.0 + 0.7 * (draws["debt"] + move)), 3),
        "utilisation": np.round(expit(-0.6 + 1.2 * used), 3),
        "inquiries": asks.astype(np.intp),
        "bureau_score": np.where(
            draws["no_hit"] < np.where(age < 25, 0.2, 0.05), NO_HIT, score
        ).astype(np.intp),
        "loan_amount": np.clip(np.rint(amount / 100) * 100, 500.0, 75_000.0),
        "purpose": _levels(draws["purpose"], PURPOSE),
        "channel": _levels(draws["channel"], CHANNEL),
    }


def _levels(uniform: FloatArray, table: dict[str, tuple[float, float]]) -> Any:
    edges = np.cumsum([share for share, _ in table.values()])[:-1]
    return np.array(list(table), dtype=object)[np.searchsorted(edges, uniform)]


def _solve_intercept(eta: FloatArray, rate: float) -> float:
    """Return the intercept at which the mean PD is `rate`."""
    from scipy.optimize import brentq
    from scipy.special import expit, logit

    level = float(logit(rate))
    low, high = level - eta.max() - 1e-6, level - eta.min() + 1e-6
    return float(brentq(lambda b: float(expit(b + eta).mean()) - rate, low, high))


def _hazard(pd_true: FloatArray) -> FloatArray:
    """Return the monthly hazards ``1 - (1 - pd) ** TIMING``.

    Surviving all twelve months has probability ``1 - pd``, since TIMING sums to one.
    """
    hazard: FloatArray = -np.expm1(np.log1p(-pd_true)[:, None] * TIMING)
    return hazard


def _default_month(pd_true: FloatArray, uniform: FloatArray) -> FloatArray:
    """Return the first month whose cumulative PD reaches `uniform`, else NaN."""
    reached = np.log1p(-uniform) / np.log1p(-pd_true)
    cumulative = np.append(np.cumsum(TIMING)[:-1], 1.0)
    month = np.searchsorted(cumulative, reached) + 1.0
    return np.where(month <= HORIZON, month, np.nan)


def _policy_score(features: dict[str, Any], noise: FloatArray) -> FloatArray:
    """Score as an old policy did: few features, and some noise of manual decisions."""
    score = features["bureau_score"]
    points: FloatArray = (
        np.where(score == NO_HIT, 590.0, score)
        + 25 * np.log(features["income"] / 32_000)
        - 120 * (features["debt_to_income"] - 0.3)
        + 25 * noise
    )
    return points


def _accept(policy_score: FloatArray, reject_rate: float) -> BoolArray:
    n_rejected = round(reject_rate * len(policy_score))
    accepted = np.ones(len(policy_score), dtype=bool)
    accepted[np.argsort(policy_score, kind="stable")[:n_rejected]] = False
    return accepted


def _hide(complete: dict[str, Any], draws: dict[str, Any], rate: float) -> pd.DataFrame:
    """Return the features as the lender sees them."""
    import pandas as pd

    data = pd.DataFrame({name: complete[name] for name in FEATURES})
    for name in ("employment", "purpose", "channel"):
        data[name] = data[name].astype("str")
    data["income"] = data["income"].mask(draws["no_income"] < rate)
    data["months_on_job"] = data["months_on_job"].mask(draws["no_tenure"] < rate)
    return data


def _days_in(months: Any, uniform: FloatArray) -> Any:
    """Return a day of each month."""
    first = months.astype("datetime64[D]")
    length = (months + 1).astype("datetime64[D]") - first
    return first + np.floor(uniform * length.astype(float)).astype("timedelta64[D]")
