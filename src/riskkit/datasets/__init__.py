"""Data sets: two embedded real samples and synthetic books with a known truth."""

from __future__ import annotations

from riskkit.datasets._cards import load_card_transactions
from riskkit.datasets._loan_book import make_loan_book
from riskkit.datasets._sba import load_sba_loans

__all__ = ["load_card_transactions", "load_sba_loans", "make_loan_book"]
