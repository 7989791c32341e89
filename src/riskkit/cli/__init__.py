"""The riskkit command: train, score, inspect, export and a demonstration.

Asking for help loads no numerical library; each command loads what it needs when it
runs. People read stderr; programs read the files, and stdout with ``--json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the ``riskkit`` command, and end the process with its exit code.

    The code is 0 when all went well, 2 when the input or the options were refused,
    130 when interrupted, and 1 for anything unexpected.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Words after ``riskkit``; None stands for those of this process.

    Raises
    ------
    SystemExit
        Always, with the exit code.

    Examples
    --------
    >>> from riskkit.cli import main
    >>> try:
    ...     main(["--version"])
    ... except SystemExit as end:
    ...     end.code
    riskkit ...
    0
    """
    from riskkit.cli._app import app

    app(args=None if arguments is None else list(arguments), prog_name="riskkit")
