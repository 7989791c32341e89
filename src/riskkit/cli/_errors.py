"""How the command reports what goes wrong: a sentence for people, an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from riskkit.exceptions import RiskkitError, RiskkitWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["REFUSED", "debugging", "reported"]

REFUSED = 2
_INTERRUPTED = 130
_DEBUG = "RISKKIT_DEBUG"


@contextmanager
def reported(*, debug: bool, code: int = REFUSED) -> Iterator[None]:
    """Turn the errors riskkit raises on purpose into a message and an exit code.

    Anything else is a mistake in riskkit and keeps its traceback.
    """
    try:
        with _notes():
            yield
    except RiskkitError as error:
        if debug:
            raise
        _say("Error", str(error))
        raise typer.Exit(code) from error
    except KeyboardInterrupt:
        _say("Stopped", "nothing was written.")
        raise typer.Exit(_INTERRUPTED) from None


def debugging() -> bool:
    """Return whether the environment asks for tracebacks."""
    return os.environ.get(_DEBUG, "").lower() not in ("", "0", "false", "no")


@contextmanager
def _notes() -> Iterator[None]:
    """Show riskkit's warnings as notes, once each, and nobody else's."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = str(message)
        if text not in shown:
            shown.add(text)
            _say("Note", text)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", RiskkitWarning)
        warnings.showwarning = show
        yield


def _say(label: str, text: str) -> None:
    # Plain text: a message must survive logs, pipes and narrow terminals as it is.
    sys.stderr.write(f"{label}: {text}\n")
    sys.stderr.flush()
