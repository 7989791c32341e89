"""Where amber and red begin for one measure: policy, given as data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from riskkit._core.params import check_bool, check_option, check_real, did_you_mean
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.monitoring._warning_measurement import Measurement

__all__ = ["LIGHTS", "Light", "Threshold"]

Light = Literal["green", "amber", "red", "not_evaluable"]
Limit = float | tuple[float, float]
LIGHTS = ("not_evaluable", "green", "amber", "red")  # from the mildest

_SIDES = ("above", "below", "outside")


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a measure is amber, and red: by its size and by its p-value.

    With many accounts every small difference is significant, and with few every large
    one is possible; so both must speak.

    Parameters
    ----------
    amber, red : float, or tuple of (float, float) if `side` is ``"outside"``
        Effect sizes from which on the measure is amber, and red. What lies inside a
        range is green.

    side : {"above", "below", "outside"}, default="above"
        Which sizes are bad.

    p_amber, p_red : float or None, default=0.05 and 0.01
        p-values below which a size counts as amber, and as red; None if size alone
        decides. A measure that has no p-value is judged by its size.

    min_n, min_events : float, default=0
        Accounts and events (seen or expected) below which the measure cannot be
        evaluated.

    at_once : bool, default=False
        Whether a single run is enough, whatever persistence asks for: a column that is
        gone need not be gone twice.

    role : str, default="other"
        What the measure stands for in the rules of the verdict: ``ranking``,
        ``level``, ``early``, ``slope``, ``band``, ``order``, ``segment``, ``trend``,
        ``population``, ``data``, ``feed``, ``alerts``, ``policy`` or a word of your
        own.

    owner : str, default=""
        Who has to act.

    action : str, default=""
        What to do.

    Raises
    ------
    InvalidParameterError
        If a limit is outside its domain, or red begins before amber.

    See Also
    --------
    default_thresholds : What credit teams commonly use.

    Examples
    --------
    >>> from riskkit.monitoring import Measurement, Threshold
    >>> level = Threshold((0.9, 1.1), (0.8, 1.25), side="outside", min_events=30)
    >>> level.judge(Measurement("actual_expected", 1.3, p_value=1e-4, n_event=400))
    ('red', 'outside 0.8 to 1.25, p-value 0.0001')
    >>> level.judge(Measurement("actual_expected", 1.3, p_value=0.2, n_event=40))
    ('green', 'outside 0.8 to 1.25, but chance may explain it: p-value 0.2')
    >>> level.judge(Measurement("actual_expected", 1.3, p_value=0.2, n_event=4))
    ('not_evaluable', '4 events, 30 are asked for')
    """

    amber: Limit
    red: Limit
    side: Literal["above", "below", "outside"] = "above"
    p_amber: float | None = 0.05
    p_red: float | None = 0.01
    min_n: float = 0
    min_events: float = 0
    at_once: bool = False
    role: str = "other"
    owner: str = ""
    action: str = ""

    def __post_init__(self) -> None:
        check_option("side", self.side, _SIDES)
        for name in ("amber", "red"):
            self._check_limit(name, getattr(self, name))
        (a, b), (c, d) = _range(self.amber, self.side), _range(self.red, self.side)
        if not c <= a <= b <= d:
            msg = (
                f"Red must not begin before amber; got amber {self.amber!r} and red "
                f"{self.red!r} with side {self.side!r}."
            )
            raise InvalidParameterError(msg)
        if (self.p_amber is None) != (self.p_red is None):
            msg = "p_amber and p_red must both be numbers, or both be None."
            raise InvalidParameterError(msg)
        if self.p_amber is not None and self.p_red is not None:
            check_real("p_amber", self.p_amber, low=0, high=1)
            check_real("p_red", self.p_red, low=0, high=self.p_amber)
        check_real("min_n", self.min_n, low=0)
        check_real("min_events", self.min_events, low=0)
        check_bool("at_once", self.at_once)
        for name in ("role", "owner", "action"):
            if not isinstance(getattr(self, name), str):
                msg = f"{name} must be text; got {getattr(self, name)!r}."
                raise InvalidParameterError(msg)

    def judge(
        self, measured: Measurement, p_value: float | None = None
    ) -> tuple[Light, str]:
        """Return the light of a measurement, and why.

        Parameters
        ----------
        measured : Measurement
            What was measured.

        p_value : float, default=None
            Its p-value adjusted for the number of questions; its own by default.

        Returns
        -------
        light : {"green", "amber", "red", "not_evaluable"}
            The light.

        why : str
            In words.
        """
        why = self._why_not(measured)
        if why:
            return "not_evaluable", why
        reach = self._reach(measured.value)
        size = {
            "red": f"{self._words(self.red)}",
            "amber": f"{self._words(self.amber)}",
            "green": "within limits",
        }[reach]
        if reach == "green" or self.p_amber is None or measured.p_value is None:
            return reach, size
        chance = measured.p_value if p_value is None else p_value
        light: Light = "green"
        if reach == "red" and self.p_red is not None and chance < self.p_red:
            light = "red"
        elif chance < self.p_amber:
            light = "amber"
        if light == "green":
            return light, f"{size}, but chance may explain it: p-value {chance:.2g}"
        return light, f"{size}, p-value {chance:.2g}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON or TOML; None entries are left out."""
        values = asdict(self)
        for name in ("amber", "red"):
            if isinstance(values[name], tuple):
                values[name] = list(values[name])
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` gave; unknown entries are refused.

        Parameters
        ----------
        values : dict
            Entries by name; ``amber`` and ``red`` must be there. Without ``p_amber``
            and ``p_red`` size alone decides.

        Returns
        -------
        threshold : Threshold
            The threshold.

        Raises
        ------
        InvalidParameterError
            If an entry is unknown, missing or outside its domain.
        """
        known = tuple(cls.__dataclass_fields__)
        for name in values:
            if name not in known:
                msg = f"A threshold has no entry {name!r}.{did_you_mean(name, known)}"
                raise InvalidParameterError(msg)
        if not {"amber", "red"} <= set(values):
            msg = f"A threshold needs amber and red; got {sorted(values)}."
            raise InvalidParameterError(msg)
        read = {"p_amber": None, "p_red": None, **values}
        for name in ("amber", "red"):
            if isinstance(read[name], list):
                read[name] = tuple(read[name])
        return cls(**read)

    def _check_limit(self, name: str, limit: Any) -> None:
        numbers = limit if isinstance(limit, tuple) else (limit,)
        if len(numbers) != (2 if self.side == "outside" else 1):
            form = "a range (low, high)" if self.side == "outside" else "one number"
            msg = f"{name} must be {form} if side is {self.side!r}; got {limit!r}."
            raise InvalidParameterError(msg)
        for number in numbers:
            check_real(name, number)

    def _why_not(self, measured: Measurement) -> str:
        if math.isnan(measured.value):
            return measured.reason or "it is not known"
        for name, have, least in (
            ("accounts", measured.n, self.min_n),
            ("events", measured.n_event, self.min_events),
        ):
            if have is not None and have < least:
                return f"{have:g} {name}, {least:g} are asked for"
        gated = self.p_amber is not None and measured.p_value is not None
        if gated and measured.p_value is not None and math.isnan(measured.p_value):
            return measured.reason or "its p-value is not known"
        return ""

    def _reach(self, value: float) -> Literal["green", "amber", "red"]:
        for light in ("red", "amber"):
            low, high = _range(getattr(self, light), self.side)
            if self.side == "outside":
                beyond = value < low or value > high
            else:
                beyond = value >= high if self.side == "above" else value <= low
            if beyond:
                return light
        return "green"

    def _words(self, limit: Limit) -> str:
        if isinstance(limit, tuple):
            return f"outside {limit[0]:g} to {limit[1]:g}"
        return f"{'from' if self.side == 'above' else 'down to'} {limit:g} on"


def _range(limit: Limit, side: str) -> tuple[float, float]:
    """Return the open ends of what is not beyond the limit."""
    if isinstance(limit, tuple):
        return limit
    return (-math.inf, limit) if side == "above" else (limit, math.inf)
