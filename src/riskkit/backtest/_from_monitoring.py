"""What backtests share with monitoring: dates, maturity, segments, plain tables.

The one place where another package's private modules are named.
"""

from __future__ import annotations

from riskkit.monitoring._maturity_dates import (
    add_months,
    full_months,
    month_numbers,
    read_date,
    read_dates,
)
from riskkit.monitoring._performance_measures import ks_interval
from riskkit.monitoring._performance_tables import (
    Columns,
    columns_of,
    plain,
    plain_rows,
    table_frame,
)
from riskkit.monitoring._performance_tape import read_event_dates, read_start_dates

__all__ = [
    "Columns",
    "add_months",
    "columns_of",
    "full_months",
    "ks_interval",
    "month_numbers",
    "plain",
    "plain_rows",
    "read_date",
    "read_dates",
    "read_event_dates",
    "read_start_dates",
    "table_frame",
]
