"""Data sets: two embedded real samples and synthetic books with a known truth."""

from __future__ import annotations

from riskkit.datasets._cards import load_card_transactions
from riskkit.datasets._loan_book import make_loan_book
from riskkit.datasets._referrals import make_referrals
from riskkit.datasets._rings import make_applications_with_rings
from riskkit.datasets._sba import load_sba_loans
from riskkit.datasets._transactions import make_transactions

__all__ = [
    "load_card_transactions",
    "load_sba_loans",
    "make_applications_with_rings",
    "make_loan_book",
    "make_referrals",
    "make_transactions",
]
