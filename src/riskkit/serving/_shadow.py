"""A challenger that scores beside the champion and can do no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from riskkit._core.lean_dataclass import dataclass
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from logging import Logger

    from riskkit.serving._result import BatchResult, ScoreResult

__all__ = ["ShadowEntry", "ShadowScorer"]


class _Scores(Protocol):
    """What champion and challenger have in common."""

    model_id: str

    def score(self, record: Mapping[str, object], *, n_reasons: int = 4) -> ScoreResult:
        """Score one record."""


@dataclass(frozen=True, slots=True)
class ShadowEntry:
    """What champion and challenger said of one record; no value of it is kept.

    Parameters
    ----------
    champion : ScoreResult
        What was answered.

    challenger : ScoreResult or None
        What the challenger would have answered; None if it failed.

    error : str
        Name of the error's type if the challenger failed; else empty. Never its
        message, which is not ours and might repeat the record.

    Examples
    --------
    >>> from riskkit.serving import ScoreResult, ShadowEntry
    >>> champion = ScoreResult(0.25, 540.0, -1.1, (), "9f86d081884c")
    >>> challenger = ScoreResult(0.125, 560.0, -1.95, (), "60303ae22b99")
    >>> ShadowEntry(champion, challenger).pd_difference
    -0.125
    """

    champion: ScoreResult
    challenger: ScoreResult | None
    error: str = ""

    @property
    def pd_difference(self) -> float | None:
        """The challenger's PD less the champion's; None if it failed."""
        if self.challenger is None:
            return None
        return self.challenger.pd - self.champion.pd

    @property
    def agrees(self) -> bool:
        """Whether both decide alike, or, without decisions, grade alike."""
        if self.challenger is None:
            return False
        ours, theirs = self.champion, self.challenger
        return (ours.decision, ours.grade) == (theirs.decision, theirs.grade)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data, ready for JSON.

        Returns
        -------
        entry : dict
            ``champion`` and ``challenger`` as :meth:`ScoreResult.to_dict` gives them,
            ``pd_difference``, ``agrees`` and ``error``.
        """
        challenger = None if self.challenger is None else self.challenger.to_dict()
        return {
            "champion": self.champion.to_dict(),
            "challenger": challenger,
            "pd_difference": self.pd_difference,
            "agrees": self.agrees,
            "error": self.error,
        }


class ShadowScorer:
    """Answers as the champion does, and lets a challenger score the same records.

    Parameters
    ----------
    champion : Scorer
        Whose answers are returned, and whose errors are raised.

    challenger : Scorer
        Who is tried. What goes wrong with it is recorded, never raised.

    log : callable or None, default=None
        Is given a :class:`ShadowEntry` for each record, such as
        :meth:`DecisionLog.append_shadow`. What goes wrong with it is noted in the
        logger ``riskkit.serving._shadow``, never raised. Without it every disagreement
        and failure is noted there.

    See Also
    --------
    Scorer.with_shadow : Makes one.

    Notes
    -----
    The challenger scores in the same thread, after the champion: an answer takes the
    time of both, and that of `log`. Tables are scored by the champion alone.

    Examples
    --------
    >>> from riskkit.artifact import Artifact, Manifest, ScalingSpec, ScorecardSpec
    >>> from riskkit.serving import Scorer
    >>> scaling = ScalingSpec(20.0, 600.0, 50.0)
    >>> cards = (ScorecardSpec((), z, 545.0, scaling) for z in (-2.0, -3.0))
    >>> champion, challenger = (
    ...     Scorer(Artifact(Manifest("scorecard"), card)) for card in cards)
    >>> seen = []
    >>> scorer = champion.with_shadow(challenger, log=seen.append)
    >>> scorer.score({}).pd == champion.score({}).pd
    True
    >>> round(seen[0].pd_difference, 4)
    -0.0718
    """

    __slots__ = ("_log", "challenger", "champion")

    def __init__(
        self,
        champion: Any,
        challenger: Any,
        log: Callable[[ShadowEntry], object] | None = None,
    ) -> None:
        for role, scorer in (("champion", champion), ("challenger", challenger)):
            if not callable(getattr(scorer, "score", None)):
                msg = (
                    f"The {role} must be a scorer, as riskkit.serving.load_scorer "
                    f"gives it; got {type(scorer).__name__}."
                )
                raise InvalidTypeError(msg)
        if log is not None and not callable(log):
            msg = f"log must be callable or None; got {type(log).__name__}."
            raise InvalidTypeError(msg)
        self.champion: _Scores = champion
        self.challenger: _Scores = challenger
        self._log = _note if log is None else log

    @property
    def model_id(self) -> str:
        """First digits of the SHA-256 of the champion."""
        return self.champion.model_id

    def score(self, record: Mapping[str, object], *, n_reasons: int = 4) -> ScoreResult:
        """Score one record with the champion; the challenger scores it too.

        Parameters
        ----------
        record : mapping of str to object
            A value for every field of the champion. What the challenger needs besides
            is its own concern: where it is absent, the challenger has failed.

        n_reasons : int, default=4
            How many reasons to name at most.

        Returns
        -------
        result : ScoreResult
            The champion's.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            As the champion's own ``score``. The challenger is then not asked.
        """
        result = self.champion.score(record, n_reasons=n_reasons)
        try:
            entry = ShadowEntry(
                result, self.challenger.score(record, n_reasons=n_reasons)
            )
        except Exception as error:  # noqa: BLE001  nothing of a trial may reach a client
            entry = ShadowEntry(result, None, type(error).__name__)
        try:
            self._log(entry)
        except Exception as error:  # noqa: BLE001  a full disk neither
            _logger().warning("The shadow log failed: %s", type(error).__name__)
        return result

    def score_batch(self, X: Any, *, n_reasons: int = 0) -> BatchResult:
        """Score a table with the champion.

        Parameters
        ----------
        X : frame, or mapping of str to column
            As for :meth:`Scorer.score_batch`.

        n_reasons : int, default=0
            How many reasons to name for each row.

        Returns
        -------
        result : BatchResult
            The champion's.
        """
        result: BatchResult = self.champion.score_batch(X, n_reasons=n_reasons)  # type: ignore[attr-defined]
        return result

    def __repr__(self) -> str:
        return f"ShadowScorer({self.champion!r}, challenger={self.challenger!r})"

    def _repr_html_(self) -> str:
        from riskkit._core.notebook import facts_html

        facts = {"Champion": self.champion, "Challenger": self.challenger}
        return facts_html("ShadowScorer", facts)


def _note(entry: ShadowEntry) -> None:
    """Write a disagreement to the logger, without a value of the record."""
    if entry.challenger is None:
        _logger().warning("Challenger failed with %s", entry.error)
    elif not entry.agrees:
        _logger().info(
            "Challenger %s disagrees: PD differs by %.6f",
            entry.challenger.model_id,
            entry.pd_difference,
        )


def _logger() -> Logger:
    # Loading logging takes a tenth of what loading a scorer does.
    import logging

    return logging.getLogger(__name__)
