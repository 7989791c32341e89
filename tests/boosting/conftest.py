"""A loan book and models fitted to it, shared by the tests of boosted models."""

import pytest

from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier
from riskkit.datasets import make_loan_book

KINDS = [LGBMPDClassifier, XGBPDClassifier]


@pytest.fixture(scope="session")
def book():
    return make_loan_book(4_000, default_rate=0.12, random_state=3)


@pytest.fixture(params=KINDS, ids=["lightgbm", "xgboost"])
def kind(request):
    return request.param


@pytest.fixture(scope="session")
def fitted(book):
    """Give the model of a kind with all its defaults, fitted once."""
    models = {}

    def get(kind):
        if kind not in models:
            model = kind(special_codes=book.special_codes)
            models[kind] = model.fit(book.data, book.target)
        return models[kind]

    return get
