"""Rules that find frauds, short enough to be read and exact enough to be used."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_int, check_option, check_real
from riskkit._kernels.content_order import row_keys
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidParameterError,
    MissingExtraError,
    NoEvidenceWarning,
)
from riskkit.fraud._fields import FieldCoder
from riskkit.fraud._label_folds import label_folds, sample_nonevents
from riskkit.fraud._mined_rule import MinedRule, quoted
from riskkit.fraud._rule_search import SearchLimits, find_literals, search_rules

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from riskkit.fraud._mined_rule import Literal
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["RuleMiner"]

_DECISIONS = ("approve", "refer", "decline")
_MOST_ROWS = 50_000  # other rows that rules are searched in; all of them confirm


class RuleMiner(BaseEstimator):
    """Find short rules that fire for frauds and for little else.

    Rules are mined from one half of the rows and must keep their precision on the
    other half. Of those that do, each next one is taken that finds most frauds that no
    rule before it finds, so the list is short and says nothing twice.

    Parameters
    ----------
    min_precision : float, default=0.5
        Share of frauds among the rows that a rule fires for, in either half, and among
        the rows that it adds; above 0.

    min_events : float, default=5
        Frauds that a rule must find in the rows it is mined from, and must add to the
        rules before it; weights count.

    max_conditions : int, default=3
        Longest rule.

    max_rules : int, default=20
        Most rules.

    n_cuts : int, default=16
        Quantiles of each numeric field, of the frauds and of all rows, that conditions
        may cut at.

    Attributes
    ----------
    rules_ : tuple of MinedRule
        The rules, in the order in which they add most.

    is_confirmed_ : bool
        Whether half of the rows were held out; False where frauds are too few.

    classes_ : ndarray of shape (2,)
        The label of other rows and that of frauds.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    FraudClassifier : A probability in place of yes or no.
    riskkit.decision.Strategy : Rules and scores in one decision.

    Notes
    -----
    Conditions compare one field: more than, at most, a level, or missing. A missing
    value meets no comparison. The search is a beam over conjunctions by the gain of
    FOIL [1]_; which rows are held out is a matter of their content. As the second half
    chooses among the rules that the first half proposes, its precision is a little
    too good as well, the more so the more rules it chooses from; watch rules on later
    rows.

    References
    ----------
    .. [1] J. Quinlan, "Learning logical definitions from relations", Machine Learning
       5, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from riskkit.fraud import RuleMiner
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"amount": rng.integers(1, 1000, 4000),
    ...                   "country": rng.choice(["home", "abroad"], 4000)})
    >>> y = ((X["amount"] > 900) & (X["country"] == "abroad")).astype(int)
    >>> miner = RuleMiner(min_precision=0.9).fit(X, y)
    >>> miner.rules_[0].text
    'amount > 904.5 and country == abroad'
    >>> print(miner.to_sql("payments"))
    SELECT *,
      CASE
        WHEN "amount" > 9.0450000000000000e+02 AND "country" = 'abroad' THEN 'rule 1'
      END AS "fraud_rule"
    FROM "payments"
    """

    def __init__(
        self,
        min_precision: float = 0.5,
        *,
        min_events: float = 5,
        max_conditions: int = 3,
        max_rules: int = 20,
        n_cuts: int = 16,
    ) -> None:
        self.min_precision = min_precision
        self.min_events = min_events
        self.max_conditions = max_conditions
        self.max_rules = max_rules
        self.n_cuts = n_cuts

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Mine rules from labelled rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the fraud.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        Returns
        -------
        self : RuleMiner
            With ``rules_``, which may be none.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` cannot be used.
        """
        self._check_params()
        training = read_training(self, X, y, sample_weight)
        is_event = training.is_event
        weight = np.ones(is_event.size) if training.weight is None else training.weight
        self._coder, codes = FieldCoder.learn(training.table, training.weight)
        keys = row_keys(codes)
        half = label_folds(keys, is_event, weight, None, 2)
        self.is_confirmed_ = half is not None
        mined = np.ones(is_event.size, dtype=bool) if half is None else half == 0
        rows, mass = sample_nonevents(
            keys[mined], is_event[mined], weight[mined], _MOST_ROWS
        )
        part, events = codes[mined][rows], is_event[mined][rows]
        mass = weight[mined] if mass is None else mass
        literals = find_literals(self._coder, part, events, mass, self.n_cuts)
        limits = SearchLimits(
            float(self.min_precision), float(self.min_events), self.max_conditions
        )
        found = [
            tuple(literals[k] for k in rule)
            for rule in search_rules(literals, part, events, mass, limits)
        ]
        judged = mined if half is None else ~mined
        self.rules_ = self._choose(found, codes, is_event, weight, mined, judged)
        self.classes_ = training.classes
        if not self.is_confirmed_:
            msg = (
                f"{training.n_events:g} frauds are too few to hold half of them out: "
                "the precision of the rules is that of the rows they were mined from."
            )
            warnings.warn(msg, FewEventsWarning, stacklevel=2)
        if not self.rules_:
            msg = (
                f"No rule of at most {self.max_conditions} conditions finds "
                f"{self.min_events:g} frauds with a precision of "
                f"{self.min_precision:g} in both halves. Ask for less, or give more "
                "labels."
            )
            warnings.warn(msg, NoEvidenceWarning, stacklevel=2)
        return self

    def matches(self, X: Any) -> pd.DataFrame:
        """Return which rules fire for each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        fires : DataFrame of bool of shape (n_samples, n_rules)
            One column for each rule, by its name. The index of a pandas frame is kept.
        """
        check_is_fitted(self, "rules_")
        codes = self._coder.read(read_features(self, X, reset=False))
        index = X.index if isinstance(X, pd.DataFrame) else None
        columns = {rule.name: _fires(rule.conditions, codes) for rule in self.rules_}
        return pd.DataFrame(
            columns, index=pd.RangeIndex(len(codes)) if index is None else index
        )

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the fraud label where any rule fires.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        fires = self.matches(X).to_numpy(dtype=bool).any(axis=1)
        return np.asarray(self.classes_[fires.astype(np.intp)])

    def frame(self) -> pd.DataFrame:
        """Return the rules as a table, one row a rule.

        Returns
        -------
        rules : DataFrame
            Name, text, rows, frauds, precision and frauds that are new.
        """
        check_is_fitted(self, "rules_")
        names = ["rule", "text", "n", "n_event", "precision", "n_new_event"]
        rows = [
            (r.name, r.text, r.n, r.n_event, r.precision, r.n_new_event)
            for r in self.rules_
        ]
        return pd.DataFrame(rows, columns=names)

    def to_sql(
        self, table: str, *, name: str = "fraud_rule", dialect: str = "duckdb"
    ) -> str:
        """Return a query that adds the first rule that fires to every row of a table.

        Parameters
        ----------
        table : str
            Name of the table, without quotes. Missing values are NULL there.

        name : str, default="fraud_rule"
            Name of the new column.

        dialect : str, default="duckdb"
            Any dialect of sqlglot, which is needed for others than DuckDB's.

        Returns
        -------
        sql : str
            One SELECT. The new column is NULL where no rule fires.

        Raises
        ------
        MissingExtraError
            If sqlglot is needed and not installed.
        InvalidParameterError
            If sqlglot does not know the dialect.
        """
        check_is_fitted(self, "rules_")
        branches = [
            f"    WHEN {rule.sql} THEN {quoted(rule.name, chr(39))}"
            for rule in self.rules_
        ]
        case = "\n".join(["  CASE", *branches, "  END"]) if branches else "  NULL"
        sql = (
            f"SELECT *,\n{case} AS {quoted(name, chr(34))}\n"
            f"FROM {quoted(table, chr(34))}"
        )
        return sql if dialect == "duckdb" else _translated(sql, dialect)

    def to_strategy_rules(self, decision: str = "refer") -> list[dict[str, Any]]:
        """Return the rules as :class:`riskkit.decision.Strategy` reads them.

        Parameters
        ----------
        decision : {"approve", "refer", "decline"}, default="refer"
            What is decided where a rule fires.

        Returns
        -------
        rules : list of dict
            Plain data: rules and the bands of a model then make one decision.

        Raises
        ------
        InvalidParameterError
            If `decision` is another word.
        """
        check_is_fitted(self, "rules_")
        check_option("decision", decision, _DECISIONS)
        return [
            {
                "name": rule.name,
                "decision": decision,
                "reason": rule.text,
                "missing": "skip",
                "when": [condition.to_dict() for condition in rule.conditions],
            }
            for rule in self.rules_
        ]

    def _choose(
        self,
        found: list[tuple[Literal, ...]],
        codes: FloatArray,
        is_event: BoolArray,
        weight: FloatArray,
        mined: BoolArray,
        judged: BoolArray,
    ) -> tuple[MinedRule, ...]:
        """Keep what the other half confirms, and of that what adds frauds."""
        fires, rules, precision = [], [], []
        for rule in found:
            hit = _fires(rule, codes)
            # All rows of the mined half count here, of which some were sampled.
            shares = [
                float(weight[hit & part & is_event].sum())
                / max(float(weight[hit & part].sum()), np.finfo(float).tiny)
                for part in (mined, judged)
            ]
            if min(shares) >= self.min_precision:
                fires.append(hit)
                rules.append(rule)
                precision.append(shares[1])
        chosen: list[MinedRule] = []
        left = np.ones(is_event.size, dtype=bool)
        while rules and len(chosen) < self.max_rules:
            best, most = -1, (0.0, 0.0, 0.0)
            for k, hit in enumerate(fires):
                new = hit & left
                n_new = float(weight[new & is_event].sum())
                enough = n_new >= self.min_events * (1 - 1e-9)
                if not enough or n_new < self.min_precision * weight[new].sum():
                    continue
                merit = (n_new, -float(len(rules[k])), precision[k])
                if merit > most:
                    best, most = k, merit
            if best < 0:
                break
            hit = fires[best]
            chosen.append(
                MinedRule(
                    name=f"rule {len(chosen) + 1}",
                    conditions=rules[best],
                    n=float(weight[hit].sum()),
                    n_event=float(weight[hit & is_event].sum()),
                    precision=precision[best],
                    n_new_event=most[0],
                )
            )
            left &= ~hit
        return tuple(chosen)

    def _check_params(self) -> None:
        check_real("min_precision", self.min_precision, low=1e-9, high=1.0)
        check_real("min_events", self.min_events, low=1e-9)
        check_int("max_conditions", self.max_conditions, low=1)
        check_int("max_rules", self.max_rules, low=1)
        check_int("n_cuts", self.n_cuts, low=1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _fires(conditions: tuple[Literal, ...], codes: FloatArray) -> BoolArray:
    hit = np.ones(len(codes), dtype=bool)
    for condition in conditions:
        hit &= condition.holds(codes)
    return hit


def _translated(sql: str, dialect: str) -> str:
    try:
        import sqlglot
    except ImportError as error:
        msg = (
            f"Rules in the dialect {dialect!r} need sqlglot, which is not installed. "
            "Install riskkit[sql], or take the dialect 'duckdb'."
        )
        raise MissingExtraError(msg) from error
    try:
        return str(sqlglot.transpile(sql, read="duckdb", write=dialect, pretty=True)[0])
    except ValueError as error:
        msg = f"dialect must be one that sqlglot knows; got {dialect!r}."
        raise InvalidParameterError(msg) from error
