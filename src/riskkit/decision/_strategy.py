"""Ordered rules and score bands that approve, refer or decline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskkit._core.frames import Table
from riskkit._core.notebook import rows_html
from riskkit._core.params import did_you_mean
from riskkit.artifact import (
    StrategySpec,
    decide_record,
    decide_rows,
    read_strategy,
)
from riskkit.decision._limits import LimitPolicy, LimitResult, limit_result
from riskkit.decision._simulate import SimulationResult, simulate_steps
from riskkit.decision._strategy_fields import require_fields
from riskkit.decision._strategy_file import read_toml
from riskkit.decision._strategy_result import Decision, StrategyResult
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray

__all__ = ["Strategy"]

_KEYS = (
    "rules", "bands", "score", "best", "otherwise", "missing", "limits", "no_limit",
    "name",
)  # fmt: skip


class Strategy:
    """Rules first, then bands of a score: approve, refer or decline, with a reason.

    A strategy is plain data and executes nothing: rules compare fields with values,
    and the first rule that fires decides. Where none fires, the band of the score
    does. Columns and records are decided by the same comparisons.

    Parameters
    ----------
    rules : sequence of dict, default=()
        In the order in which they may decide; each with ``"name"``, ``"when"``,
        ``"decision"`` (``"approve"``, ``"refer"`` or ``"decline"``) and if wanted
        ``"reason"`` and ``"missing"``. ``"when"`` is a list of conditions that all
        hold, such as ``{"field": "age", "op": "<", "value": 18}``; the ops are ``<``,
        ``<=``, ``>``, ``>=``, ``==``, ``!=``, ``in`` and ``not in`` (with a list),
        ``missing`` and ``known``. An entry ``{"any": [...]}`` holds if one of its
        conditions does.

    bands : sequence of dict, default=()
        Bands of the score with ``"from"`` and ``"to"`` (left out where there is no
        end; the end on the better side belongs to the band), ``"decision"``, and if
        wanted ``"name"`` and ``"reason"``. They cover the score without a hole.

    score : str, default="points"
        Column with the score of the bands.

    best : {"high", "low"}, default="high"
        Which scores are the best.

    otherwise : {"approve", "refer", "decline"}, default="refer"
        What is decided where no rule fires and there is no score, or are no bands.

    missing : {"skip", "fire"}, optional
        Whether a comparison with a missing value counts as false or as true, for rules
        that do not say so themselves. To be said, never guessed.

    limits : LimitPolicy, dict or None, default=None
        What approved accounts are granted.

    no_limit : {"refer", "decline"}, default="refer"
        What becomes of an approval to which no limit is granted.

    name : str, default="strategy"
        What reports call it.

    Attributes
    ----------
    spec : StrategySpec
        The strategy as checked plain data.

    See Also
    --------
    compare_strategies : Two strategies on the same applicants.
    choose_cutoff : Where a band should end.
    riskkit.export.save_artifact : Saves a strategy with the model it decides on.

    Notes
    -----
    A rule that can never decide, because earlier ones take every case it would, is an
    error that names them. It is found by comparing the sets of values for which rules
    fire, not by trying records; so is a rule whose conditions exclude each other.

    Examples
    --------
    >>> from riskkit.decision import Strategy
    >>> strategy = Strategy(
    ...     rules=[
    ...         {"name": "minor", "decision": "decline", "missing": "fire",
    ...          "when": [{"field": "age", "op": "<", "value": 18}]},
    ...         {"name": "thin file", "decision": "refer",
    ...          "when": [{"field": "bureau_score", "op": "missing"}]},
    ...     ],
    ...     bands=[
    ...         {"from": 600, "decision": "approve"},
    ...         {"from": 560, "to": 600, "decision": "refer", "name": "grey zone"},
    ...         {"to": 560, "decision": "decline", "reason": "Points are too low"},
    ...     ])
    >>> strategy.decide({"age": 30, "bureau_score": 700, "points": 540}).reason
    'Points are too low'
    >>> applicants = {"age": [17, 40, 40], "bureau_score": [700, None, 700],
    ...               "points": [650, 650, 599]}
    >>> strategy.apply(applicants).frame()
      decision decided_by     reason
    0  decline      minor      minor
    1    refer  thin file  thin file
    2    refer  grey zone  points in [560, 600)
    """

    def __init__(
        self,
        rules: Sequence[Any] = (),
        bands: Sequence[Mapping[str, Any]] = (),
        *,
        score: str = "points",
        best: str = "high",
        otherwise: str = "refer",
        missing: str | None = None,
        limits: LimitPolicy | Mapping[str, Any] | None = None,
        no_limit: str = "refer",
        name: str = "strategy",
    ) -> None:
        if isinstance(limits, Mapping):
            limits = LimitPolicy.from_dict(limits)
        if limits is not None and not isinstance(limits, LimitPolicy):
            msg = (
                "limits must be a LimitPolicy, a mapping or None; got "
                f"{type(limits).__name__}."
            )
            raise InvalidParameterError(msg)
        self._limits = limits
        self.spec: StrategySpec = read_strategy(
            rules,
            bands,
            score=score,
            best=best,
            otherwise=otherwise,
            missing=missing,
            limits=None if limits is None else limits.spec,
            no_limit=no_limit,
            name=name,
        )

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Strategy:
        """Return the strategy of plain data.

        Parameters
        ----------
        plain : mapping
            The parameters by name.

        Returns
        -------
        strategy : Strategy
            The strategy.

        Raises
        ------
        InvalidParameterError
            If a key is unknown, rules or bands are not well declared, a rule can never
            decide, or bands leave a hole or overlap.
        """
        if not isinstance(plain, Mapping):
            msg = f"A strategy is a mapping; got {type(plain).__name__}."
            raise InvalidParameterError(msg)
        for key in plain:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS)
                msg = f"A strategy may hold {', '.join(_KEYS)}; got {key!r}.{hint}"
                raise InvalidParameterError(msg)
        return cls(**plain)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Strategy:
        """Return the strategy written in a TOML file.

        Parameters
        ----------
        path : str or path
            File whose keys are the parameters; ``[[rules]]`` and ``[[bands]]`` repeat.

        Returns
        -------
        strategy : Strategy
            The strategy.

        Raises
        ------
        InvalidInputError
            If the file cannot be read, or is no TOML.
        InvalidParameterError
            As :meth:`from_dict` does.
        """
        return cls.from_dict(read_toml(path))

    def to_dict(self) -> dict[str, Any]:
        """Return the strategy as plain data, which :meth:`from_dict` takes."""
        return self.spec.to_dict()

    def decide(self, record: Mapping[str, Any]) -> Decision:
        """Decide on one record.

        Parameters
        ----------
        record : mapping
            Fields by name, the score included; unknown values as None.

        Returns
        -------
        decision : Decision
            What is decided, by what, why, and the limit if there is one.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a field is absent, or of the wrong kind.
        """
        require_fields(self.spec.fields, record, "record")
        step, reason, fired, grant = decide_record(self.spec, record)
        if grant is None:
            return Decision(step.decision, step.name, reason, fired)
        return Decision(
            step.decision,
            step.name,
            reason,
            fired,
            limit=grant.limit,
            limited_by=grant.limited_by,
            price=None if grant.band is None else grant.band.price,
        )

    def apply(self, table: Any) -> StrategyResult:
        """Decide on every row of a table.

        Parameters
        ----------
        table : frame or mapping of columns
            Columns by name, the score included; extra ones are ignored.

        Returns
        -------
        result : StrategyResult
            With ``.decision``, ``.approved`` and ``.frame()``.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a column is absent, or of the wrong kind.
        """
        return self._apply(table)[0]

    def simulate(
        self,
        table: Any,
        y: ArrayLike | None = None,
        *,
        pd: ArrayLike | None = None,
        gain: float | ArrayLike | None = None,
        loss: float | ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        level: float = 0.95,
    ) -> SimulationResult:
        """Say what the strategy would have decided on a book, and what came of it.

        Parameters
        ----------
        table : frame or mapping of columns
            Applicants, with every column that the strategy reads.

        y : array-like of shape (n_rows,), optional
            Outcomes: 1 for the event, 0, missing where there is none.

        pd : array-like of shape (n_rows,), optional
            PDs that stand for outcomes where there are none.

        gain, loss : float or array-like of shape (n_rows,), optional
            What an approved non-event earns, and what an approved event costs.

        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.

        level : float, default=0.95
            Level of the intervals.

        Returns
        -------
        result : SimulationResult
            With ``.frame()`` by decision and ``.steps()`` by rule and band.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a column is absent or of the wrong kind, or rows do not match.
        InvalidTargetError
            If outcomes cannot be read, or some are absent where a profit is asked for.
        """
        result, fired = self._apply(table)
        return simulate_steps(
            result, fired, y, pd, gain, loss, sample_weight=sample_weight, level=level
        )

    def _apply(self, table: Any) -> tuple[StrategyResult, list[BoolArray]]:
        """Return the decisions, and for each rule the rows for which it fires."""
        spec = self.spec
        rows = Table.read(table)
        require_fields(spec.fields, rows.names, "table")
        decided = decide_rows(spec, rows)
        limits: LimitResult | None = None
        if spec.limits is not None and decided.grants is not None:
            limits = limit_result(spec.limits, decided.grants)
        return StrategyResult(spec.steps, decided.step, limits), decided.fired

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Strategy) and self.spec == other.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        spec = self.spec
        n_bands = spec.otherwise - len(spec.rules)
        return f"Strategy({spec.name!r}, {len(spec.rules)} rules, {n_bands} bands)"

    def _repr_html_(self) -> str:
        rows = [[s.name, s.decision, s.reason] for s in self.spec.steps]
        names = ["step", "decision", "reason"]
        return rows_html(repr(self), names, rows, n_rows=len(rows), most=40)
