"""Who holds what in a ring of applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from riskkit.exceptions import InvalidInputError
from riskkit.plotting._axes import COLORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from riskkit.fraud import RingDetector
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["RingDisplay"]

_MARKERS = "sD^vP*X<>h"
_INNER = 0.62  # radius of the circle of identifiers


class RingDisplay:
    """The applications of a ring around the identifiers they share.

    Applications stand on a circle, so that those with common identifiers are near each
    other; each identifier lies towards the applications that hold it. Build it with
    :meth:`from_detector`.

    Parameters
    ----------
    row : ndarray of shape (n_links,)
        Application at one end of each link.

    column : ndarray of shape (n_links,)
        Name of the identifier column at the other end.

    value : ndarray of shape (n_links,)
        Number of the identifier within its column.

    known : ndarray of shape (n_links,), bool
        Whether the application is a known fraud.

    ring : int, default=0
        Number of the ring, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last :meth:`plot`.

    figure_ : matplotlib Figure
        Figure of the last :meth:`plot`.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import RingDetector
    >>> from riskkit.plotting import RingDisplay
    >>> X = pd.DataFrame({
    ...     "phone": ["1", "1", "2", "2"],
    ...     "device": ["a", "a", "a", "b"],
    ...     "account": ["x", "y", "y", "y"],
    ... })
    >>> detector = RingDetector(min_size=4).fit(X, [1, 0, 0, 0])
    >>> display = RingDisplay.from_detector(detector, ring=0)
    >>> display.frame().head(2)
       row   column  value  known
    0    0    phone      0   True
    1    1    phone      0  False
    """

    def __init__(
        self,
        *,
        row: IntArray,
        column: Sequence[str],
        value: IntArray,
        known: BoolArray,
        ring: int = 0,
    ) -> None:
        self.row = row
        self.column = column
        self.value = value
        self.known = known
        self.ring = ring

    @classmethod
    def from_detector(cls, detector: RingDetector, *, ring: int = 0) -> Self:
        """Take the links of a ring from a fitted detector.

        Parameters
        ----------
        detector : RingDetector
            Fitted.

        ring : int, default=0
            Number of the ring; 0 is the largest.

        Returns
        -------
        display : RingDisplay
            Not drawn yet.

        Raises
        ------
        InvalidParameterError
            If there is no such ring.
        """
        links = detector.links(ring)
        return cls.from_links(
            links["row"], links["column"], links["value"], links["known"], ring=ring
        )

    @classmethod
    def from_links(
        cls,
        row: ArrayLike,
        column: ArrayLike,
        value: ArrayLike,
        known: ArrayLike,
        *,
        ring: int = 0,
    ) -> Self:
        """Take links as they are.

        Parameters
        ----------
        row, column, value, known : array-like of shape (n_links,)
            Application, identifier column, number of the identifier, and whether the
            application is a known fraud.

        ring : int, default=0
            Number of the ring, for the title.

        Returns
        -------
        display : RingDisplay
            Not drawn yet.

        Raises
        ------
        InvalidInputError
            If there are no links, or the lengths differ.
        """
        rows = np.asarray(row, dtype=np.intp)
        columns = [str(name) for name in np.asarray(column, dtype=object)]
        values, is_known = np.asarray(value, np.intp), np.asarray(known, np.bool_)
        lengths = {rows.size, len(columns), values.size, is_known.size}
        if lengths != {rows.size} or not rows.size:
            msg = (
                "A ring needs at least one link, with one row, column, value and flag "
                f"each; got lengths {sorted(lengths)}."
            )
            raise InvalidInputError(msg)
        return cls(row=rows, column=columns, value=values, known=is_known, ring=ring)

    def frame(self) -> pd.DataFrame:
        """Return the plotted links.

        Returns
        -------
        links : DataFrame
            ``row``, ``column``, ``value`` and ``known``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "row": self.row,
                "column": self.column,
                "value": self.value,
                "known": self.known,
            }
        )

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw on `ax`, or on a new figure; never show or save it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self : RingDisplay
            With ``ax_`` and ``figure_``.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(5.0, 5.0), layout="constrained")[1]
        self.ax_, self.figure_ = ax, ax.figure
        rows, applications, things, identifiers, kind = self._places()
        ends = np.stack([applications[rows], identifiers[things]], axis=1)
        for (x0, y0), (x1, y1) in ends:
            ax.plot([x0, x1], [y0, y1], color="#BBBBBB", linewidth=0.8, zorder=1)
        for j, name in enumerate(dict.fromkeys(self.column)):
            here = identifiers[kind == j]
            ax.scatter(
                here[:, 0],
                here[:, 1],
                marker=_MARKERS[j % len(_MARKERS)],
                s=55,
                facecolor="white",
                edgecolor="#333333",
                label=f"{name} ({len(here)})",
                zorder=2,
            )
        is_known = np.zeros(len(applications), dtype=bool)
        is_known[rows[self.known]] = True
        for flag, color, name in (
            (False, COLORS["nonevent"], "application"),
            (True, COLORS["event"], "known fraud"),
        ):
            here = applications[is_known == flag]
            if len(here):
                label = f"{name} ({len(here)})"
                ax.scatter(here[:, 0], here[:, 1], s=70, c=color, label=label, zorder=3)
        ax.set_title(f"Ring {self.ring}", fontsize=10)
        ax.set_aspect("equal")
        ax.set_axis_off()
        ax.margins(0.08)
        ax.legend(fontsize=8, frameon=False, loc="upper center", ncols=3).set_in_layout(
            True
        )
        # Room for the legend above the circle.
        ax.set_ylim(-1.15, 1.6)
        return self

    def _places(
        self,
    ) -> tuple[IntArray, FloatArray, IntArray, FloatArray, IntArray]:
        """Return the ends of links, coordinates of nodes, and kinds of identifiers."""
        _, rows = np.unique(self.row, return_inverse=True)
        names = {name: j for j, name in enumerate(dict.fromkeys(self.column))}
        columns = np.array([names[name] for name in self.column], dtype=np.intp)
        nodes, things = np.unique(
            np.stack([columns, self.value]), axis=1, return_inverse=True
        )
        things = np.ravel(things)
        order = _around(rows, things)
        angle = np.empty(order.size)
        angle[order] = 2 * np.pi * np.arange(order.size) / order.size
        applications = np.column_stack([np.sin(angle), np.cos(angle)])
        held = np.bincount(things)
        identifiers = np.column_stack(
            [np.bincount(things, applications[rows, axis]) / held for axis in range(2)]
        )
        return rows, applications, things, _apart(identifiers), nodes[0]


def _around(rows: IntArray, things: IntArray) -> IntArray:
    """Return an order in which applications with common identifiers are neighbours."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    held = csr_array((np.ones(rows.size), (rows, things)))
    shared = csr_array(held @ held.T)
    order = reverse_cuthill_mckee(shared, symmetric_mode=True)
    return np.asarray(order, dtype=np.intp)


def _apart(identifiers: FloatArray) -> FloatArray:
    """Spread identifiers over an inner circle in the order of their directions."""
    angle = np.arctan2(identifiers[:, 0], identifiers[:, 1])
    order = np.lexsort((np.arange(angle.size), angle))
    place = np.empty(angle.size)
    even = 2 * np.pi * np.arange(angle.size) / angle.size
    # Turned so that on the whole nobody is far from his own direction.
    turn = np.angle(np.mean(np.exp(1j * (angle[order] - even))))
    place[order] = even + turn
    return np.asarray(_INNER * np.column_stack([np.sin(place), np.cos(place)]))
