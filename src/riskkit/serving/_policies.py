"""What becomes of a field that is absent, odd, or unlike anything in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self

from riskkit._core.field_values import read_level, read_number
from riskkit._core.lean_dataclass import dataclass
from riskkit._core.params import check_option, check_real, did_you_mean
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskkit.serving._result import ScoreResult

__all__ = ["FieldPolicy", "GuardedScorer", "learn_policies", "read_policies"]

_HARD = ("flag", "refuse")  # there is no third way: such a value cannot be scored
_SOFT = ("ignore", "flag", "refuse")
_CHOICES = {
    "absent": _HARD,
    "wrong_type": _HARD,
    "out_of_range": _SOFT,
    "unseen": _SOFT,
}


class _Scores(Protocol):
    """What policies need of a scorer."""

    model_id: str

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each field."""

    @property
    def special_codes(self) -> dict[str, frozenset[Any]]:
        """Codes with bins of their own, by field."""

    def score(self, record: Any, *, n_reasons: int = 4) -> ScoreResult:
        """Score one record."""


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """What is done about one field of a record.

    Parameters
    ----------
    low, high : float or None, default=None
        Range of a number in training; None where there is no end.

    levels : tuple of str or None, default=None
        Levels in training; None where any is as good as another.

    absent : {"refuse", "flag"}, default="refuse"
        If the record lacks the field. With ``"flag"`` it is scored as missing.

    wrong_type : {"refuse", "flag"}, default="refuse"
        If the value is of a type that the field cannot have, such as text in a field
        of numbers, or beyond what a float holds. With ``"flag"`` it is scored as
        missing.

    out_of_range : {"ignore", "flag", "refuse"}, default="flag"
        If a number is below `low` or above `high`, and no special code.

    unseen : {"ignore", "flag", "refuse"}, default="flag"
        If a level is none of `levels`. What the model itself refuses stays refused.

    See Also
    --------
    learn_policies : Makes them from the training table.
    Scorer.with_policies : Keeps to them.

    Examples
    --------
    >>> from riskkit.serving import FieldPolicy
    >>> FieldPolicy(low=18.0, high=75.0, out_of_range="refuse").to_dict()["high"]
    75.0
    """

    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] | None = None
    absent: str = "refuse"
    wrong_type: str = "refuse"
    out_of_range: str = "flag"
    unseen: str = "flag"

    def __post_init__(self) -> None:
        for name, options in _CHOICES.items():
            check_option(name, getattr(self, name), options)
        check_real("low", self.low, none_allowed=True)
        check_real("high", self.high, none_allowed=True)
        if self.low is not None and self.high is not None and self.low > self.high:
            msg = f"low must not be above high; got {self.low!r} and {self.high!r}."
            raise InvalidParameterError(msg)
        if self.levels is not None and not (
            isinstance(self.levels, tuple)
            and all(isinstance(level, str) for level in self.levels)
        ):
            msg = "levels must be a tuple of texts, or None; got something else."
            raise InvalidParameterError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data.

        Returns
        -------
        policy : dict
            Its parameters by name, levels as a list.
        """
        levels = None if self.levels is None else list(self.levels)
        choices = {name: getattr(self, name) for name in _CHOICES}
        return {"low": self.low, "high": self.high, "levels": levels, **choices}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the policy that plain data stands for.

        Parameters
        ----------
        plain : mapping
            As :meth:`to_dict` gives it; what is left out is as by default.

        Returns
        -------
        policy : FieldPolicy
            The policy, checked.

        Raises
        ------
        InvalidParameterError
            If a key or a value is none of a policy.
        """
        known = ("low", "high", "levels", *_CHOICES)
        if not isinstance(plain, Mapping):
            msg = f"A policy must be a mapping; got {type(plain).__name__}."
            raise InvalidParameterError(msg)
        for key in plain:
            if key not in known:
                hint = did_you_mean(key, known)
                msg = f"A policy may hold {', '.join(known)}; got {key!r}.{hint}"
                raise InvalidParameterError(msg)
        values = dict(plain)
        if isinstance(values.get("levels"), list):
            values["levels"] = tuple(values["levels"])
        return cls(**values)


class GuardedScorer:
    """A scorer that keeps to a policy for each field, and says what it met.

    Parameters
    ----------
    scorer : Scorer
        Who scores.

    policies : mapping of str to FieldPolicy
        Policies by field; a field without one is read as the scorer reads it.

    See Also
    --------
    Scorer.with_policies : Makes one.

    Notes
    -----
    Policies are for records, as they come in from elsewhere; a table is checked as a
    whole by :func:`riskkit.schema.validate_table`.

    Examples
    --------
    >>> from riskkit.artifact import (Artifact, CharacteristicSpec, FeatureSpec,
    ...     Manifest, ScalingSpec, ScorecardSpec)
    >>> from riskkit.serving import FieldPolicy, Scorer
    >>> age = CharacteristicSpec(FeatureSpec("age", "numeric"), -1.0, (0.0,) * 3,
    ...     (0.0,) * 3, (0.0,) * 3, "Age")
    >>> card = ScorecardSpec((age,), -2.0, 545.0, ScalingSpec(20.0, 600.0, 50.0))
    >>> scorer = Scorer(Artifact(Manifest("scorecard"), card))
    >>> guarded = scorer.with_policies({"age": FieldPolicy(low=18.0, absent="flag")})
    >>> guarded.score({"age": 7}).warnings, guarded.score({}).warnings
    (("'age' is out of range",), ("'age' is absent",))
    """

    __slots__ = ("_checks", "scorer")

    def __init__(self, scorer: _Scores, policies: Mapping[str, FieldPolicy]) -> None:
        kinds = scorer.kinds
        codes = scorer.special_codes
        checks = []
        for name, policy in policies.items():
            if name not in kinds:
                hint = did_you_mean(name, kinds)
                msg = (
                    f"policies must be keyed by fields of the model; {name!r} is none "
                    f"of its {len(kinds)}.{hint}"
                )
                raise InvalidParameterError(msg)
            if not isinstance(policy, FieldPolicy):
                msg = (
                    f"The policy of {name!r} must be a FieldPolicy; got "
                    f"{type(policy).__name__}."
                )
                raise InvalidTypeError(msg)
            find = (
                _number_check(name, policy, codes.get(name, frozenset()))
                if kinds[name] == "numeric"
                else _level_check(name, policy)
            )
            checks.append((name, policy, find))
        self.scorer = scorer
        self._checks = tuple(checks)

    @property
    def model_id(self) -> str:
        """First digits of the SHA-256 of the model."""
        return self.scorer.model_id

    def score(self, record: Mapping[str, object], *, n_reasons: int = 4) -> ScoreResult:
        """Score one record.

        Parameters
        ----------
        record : mapping of str to object
            As for :meth:`Scorer.score`.

        n_reasons : int, default=4
            How many reasons to name at most.

        Returns
        -------
        result : ScoreResult
            Its ``warnings`` say what was met, field by field, and never a value.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            As :meth:`Scorer.score`, and where a policy says ``"refuse"``.
        """
        if not isinstance(record, Mapping):
            return self.scorer.score(record, n_reasons=n_reasons)  # which refuses it
        values, warnings = dict(record), []
        for name, policy, find in self._checks:
            if name not in values:
                if policy.absent == "flag":
                    values[name] = None
                    warnings.append(f"{name!r} is absent")
                continue
            try:
                found, action = find(values[name])
            except (InvalidInputError, InvalidTypeError):
                if policy.wrong_type == "refuse":
                    raise
                values[name] = None
                warnings.append(f"{name!r} is of a wrong type")
                continue
            if found:
                if action == "refuse":
                    _refuse(name, found)
                warnings.append(f"{name!r} {found}")
        result = self.scorer.score(values, n_reasons=n_reasons)
        return replace(result, warnings=tuple(warnings)) if warnings else result

    def __repr__(self) -> str:
        return f"GuardedScorer({self.scorer!r}, {len(self._checks)} policies)"

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import rows_html

        names = ["field", "absent", "wrong type", "out of range", "unseen"]
        rows = [
            [name, p.absent, p.wrong_type, p.out_of_range, p.unseen]
            for name, p, _ in self._checks
        ]
        return rows_html(repr(self), names, rows, n_rows=len(rows), most=40)


def learn_policies(
    X: Any,
    *,
    kinds: Mapping[str, str],
    absent: str = "refuse",
    wrong_type: str = "refuse",
    out_of_range: str = "flag",
    unseen: str = "flag",
) -> dict[str, FieldPolicy]:
    """Return a policy for each field, with the range or the levels in training.

    Parameters
    ----------
    X : frame, or mapping of str to column
        The training table.

    kinds : mapping of str to {"numeric", "categorical"}
        The fields, as :attr:`Scorer.kinds` gives them.

    absent, wrong_type, out_of_range, unseen : str
        What is done, as in :class:`FieldPolicy`, for all fields alike.

    Returns
    -------
    policies : dict of str to FieldPolicy
        By field. Their plain data go into the notes of the artifact: see the example.

    Raises
    ------
    InvalidInputError
        If a column is absent.

    Notes
    -----
    The range is from the least to the greatest finite number, an infinite one being out
    of it. Levels are kept as they are: keep names and identifiers out of them.

    Examples
    --------
    >>> from riskkit.serving import learn_policies
    >>> X = {"age": [20.0, 61.0, None], "region": ["north", "south", "north"]}
    >>> policies = learn_policies(X, kinds={"age": "numeric", "region": "categorical"})
    >>> policies["age"].high, policies["region"].levels
    (61.0, ('north', 'south'))

    Saved with the model, ``load_scorer(path).with_policies()`` finds them:

    >>> notes = {"policies": {name: p.to_dict() for name, p in policies.items()}}
    """
    import numpy as np

    from riskkit._core.frames import level_column, numeric_column
    from riskkit.serving._table import read_columns

    table = read_columns(tuple(kinds), X)
    choices: dict[str, Any] = {
        "absent": absent,
        "wrong_type": wrong_type,
        "out_of_range": out_of_range,
        "unseen": unseen,
    }
    policies = {}
    for name, kind in kinds.items():
        column = table.column(name)
        if kind == "numeric":
            x = numeric_column(column, name)
            x = x[np.isfinite(x)]
            low, high = (float(x.min()), float(x.max())) if x.size else (None, None)
            policies[name] = FieldPolicy(low, high, None, **choices)
        else:
            levels = level_column(column, name).levels
            policies[name] = FieldPolicy(levels=tuple(sorted(levels)), **choices)
    return policies


def read_policies(notes: Mapping[str, Any]) -> dict[str, FieldPolicy]:
    """Return the policies that the notes of an artifact hold; none are no error."""
    plain = notes.get("policies", {})
    if not isinstance(plain, Mapping):
        msg = (
            "The note 'policies' must be a mapping of fields to policies; got "
            f"{type(plain).__name__}. Give policies."
        )
        raise InvalidParameterError(msg)
    return {name: FieldPolicy.from_dict(policy) for name, policy in plain.items()}


def _number_check(
    name: str, policy: FieldPolicy, codes: frozenset[Any]
) -> Callable[[Any], tuple[str, str]]:
    low = float("-inf") if policy.low is None else policy.low
    high = float("inf") if policy.high is None else policy.high

    def find(value: Any) -> tuple[str, str]:
        number = read_number(value, name)
        fits = low <= number <= high or number != number or number in codes
        return ("" if fits else "is out of range"), policy.out_of_range

    return find if policy.out_of_range != "ignore" else _reads(read_number, name)


def _level_check(name: str, policy: FieldPolicy) -> Callable[[Any], tuple[str, str]]:
    if policy.levels is None or policy.unseen == "ignore":
        return _reads(read_level, name)
    known = frozenset(policy.levels)

    def find(value: Any) -> tuple[str, str]:
        level = read_level(value, name)
        fits = level is None or level in known
        return ("" if fits else "is a level that training never saw"), policy.unseen

    return find


def _reads(
    read: Callable[[Any, str], object], name: str
) -> Callable[[Any], tuple[str, str]]:
    def find(value: Any) -> tuple[str, str]:
        read(value, name)
        return "", ""

    return find


def _refuse(name: str, found: str) -> NoReturn:
    msg = (
        f"Field {name!r} {found}, which its policy refuses. Check where the value "
        "comes from, or send None."
    )
    raise InvalidInputError(msg)
