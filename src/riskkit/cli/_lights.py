"""What commands share that judge as of a day and end with a light: days, exit codes."""

from __future__ import annotations

from datetime import date
from typing import Any

import typer
from typer.core import TyperGroup

from riskkit.cli._errors import debugging, reported
from riskkit.exceptions import InvalidParameterError

__all__ = [
    "EXIT_CODES",
    "LIGHTS",
    "RUN_CODES",
    "USAGE",
    "LightsGroup",
    "exit_code",
    "read_day",
]

USAGE = 64  # EX_USAGE of sysexits.h: no light may be taken for a mistake in the words
# The mark keeps the lines of the table as they are.
EXIT_CODES = """\b
Exit codes:
    0  done; monitor run, backtest run: green
    1  diff: the models differ; monitor run, backtest run: amber
    2  input or options refused; monitor run, backtest run: red
    3  monitor run, backtest run: not evaluable
   64  monitor, backtest: input or options refused
  130  interrupted; nothing was written
"""
RUN_CODES = (
    "Exit codes of run: 0 green (and amber, unless --fail-on amber), 1 amber, "
    "2 red, 3 not evaluable, 64 input or options refused."
)

LIGHTS = {"green": 0, "amber": 1, "red": 2, "not_evaluable": 3}

# The error of wrong words, whichever copy of click typer brings along.
_UsageError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError"
)


class LightsGroup(TyperGroup):
    """Commands that keep low exit codes for lights."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what is refused ends with the code of wrong usage."""
        debug = bool(ctx.find_root().params.get("debug")) or debugging()
        try:
            with reported(debug=debug, code=USAGE):
                return super().invoke(ctx)
        except _UsageError as error:
            vars(error)["exit_code"] = USAGE
            raise


def exit_code(light: str, fail_on: str) -> int:
    """Return the code that a run with this light ends with."""
    if fail_on == "never" or (light == "amber" and fail_on == "red"):
        return 0
    return LIGHTS[light]


def read_day(text: str) -> date:
    """Return the day that ``--as-of`` names."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"--as-of must be a day such as 2024-01-31; got {text!r}."
        raise InvalidParameterError(msg) from error
