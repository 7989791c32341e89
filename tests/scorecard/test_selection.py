"""Choosing characteristics, signs, and the table of coefficients."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError, NoEvidenceWarning
from riskkit.scorecard import ScorecardClassifier


@pytest.fixture(scope="module")
def book():
    book = make_loan_book(3_000, default_rate=0.15, random_state=11)
    rng = np.random.default_rng(0)
    noise = {f"noise_{k}": rng.normal(size=3_000) for k in range(5)}
    echo = book.data["income"].fillna(0) * (1 + 0.3 * rng.normal(size=3_000))
    book.data = book.data.assign(**noise, income_echo=echo)
    return book


def card(book, **parameters):
    plain = {"min_iv": 0.0, "optimism": 0.0}
    return ScorecardClassifier(**{**plain, **parameters}).fit(book.data, book.target)


@pytest.mark.parametrize("selection", ["forward", "backward", "both"])
@pytest.mark.parametrize("criterion", ["bic", "aic", "pvalue", "auc"])
def test_every_step_improves_and_noise_stays_out(book, selection, criterion):
    model = card(
        book, selection=selection, criterion=criterion, p_enter=0.01, optimism=1.0
    )
    assert model.steps_[0].action == "start"
    values = [step.criterion for step in model.steps_]
    steps = np.diff(values)
    if criterion in ("bic", "aic"):
        assert (steps < 0).all()
    if criterion == "auc" and selection == "forward":
        assert (steps > 0.001).all()
    if criterion == "bic":
        assert not [name for name in model.coefficients_ if name.startswith("noise")]
    assert all(coefficient < 0 for coefficient in model.coefficients_.values())
    assert len(model.coefficients_) >= 2


def test_forward_bic_agrees_with_trying_every_candidate(book):
    model = card(book, selection="forward", criterion="bic", l2=0.0)
    names = [step.name for step in model.steps_[1:]]
    woe = pd.DataFrame(
        model.binner_.transform(book.data), columns=model.feature_names_in_
    )

    def bic(columns):
        X = np.column_stack([np.ones(len(woe)), woe[columns]])

        def loss(beta):
            z = X @ beta
            p = 1 / (1 + np.exp(-z))
            value = np.sum(np.logaddexp(0, z) - book.target * z)
            return value, X.T @ (p - book.target)

        bounds = [(None, None)] + [(None, 0)] * len(columns)
        best = minimize(loss, np.zeros(X.shape[1]), jac=True, bounds=bounds)
        return 2 * best.fun + np.log(len(woe)) * X.shape[1]

    candidates = [n for n in woe if n in model.coefficients_ or n in model.left_out_]
    inside = []
    for name in names[:3]:
        trials = {n: bic([*inside, n]) for n in candidates if n not in inside}
        assert min(trials, key=trials.get) == name
        inside.append(name)
    assert_allclose(model.steps_[3].criterion, bic(names[:3]), rtol=1e-6)


def test_must_have_and_never(book):
    model = card(
        book, selection="forward", must_have=["noise_0"], never=["bureau_score"]
    )
    assert "bureau_score" not in model.coefficients_
    assert model.left_out_["bureau_score"] == "on the never list"
    assert "noise_0" in model.coefficients_
    strict = card(book, min_iv=0.05, must_have=["noise_0"], optimism=1.0)
    assert "noise_0" in strict.coefficients_


def test_a_must_have_that_turns_round_is_named():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4_000)
    echo = x + rng.normal(size=4_000)
    y = rng.random(4_000) < 1 / (1 + np.exp(-(2 * x - 0.8 * echo)))
    with pytest.warns(NoEvidenceWarning, match="must-have 'echo'.*direction"):
        ScorecardClassifier(must_have=["echo"]).fit(
            pd.DataFrame({"x": x, "echo": echo}), y
        )


@pytest.mark.parametrize("selection", [None, "forward"])
def test_one_characteristic_of_a_group_enters(book, selection):
    groups = {"income": ["income", "income_echo"]}
    model = card(book, selection=selection, groups=groups)
    assert len({"income", "income_echo"} & set(model.coefficients_)) <= 1
    chosen = card(book, groups=groups, must_have=["income_echo"])
    assert "income" not in chosen.coefficients_
    assert "speaks for the group 'income'" in chosen.left_out_["income"]


def test_free_signs_are_the_maximum_likelihood_fit():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4_000)
    echo = x + rng.normal(size=4_000)
    y = rng.random(4_000) < 1 / (1 + np.exp(-(2 * x - 0.8 * echo)))
    X = pd.DataFrame({"x": x, "echo": echo})
    model = ScorecardClassifier(signs="free", l2=0.0, pooling=0.0).fit(X, y)
    assert model.coefficients_["echo"] > 0
    woe = model.binner_.transform(X)
    p = model.predict_proba(X)[:, 1]
    assert_allclose(np.column_stack([np.ones(4_000), woe]).T @ (y - p), 0, atol=1e-4)


def test_coefficient_table_agrees_with_the_hessian(book):
    model = card(book, optimism=0.0, l2=0.0, signs="free", likelihood_ratio=True)
    table = model.coefficient_table_.set_index("characteristic")
    kept = list(model.coefficients_)
    woe = model.binner_.transform(book.data)
    columns = [list(book.data.columns).index(name) for name in kept]
    X = np.column_stack([np.ones(len(woe)), woe[:, columns]])
    p = model.predict_proba(book.data)[:, 1]
    inverse = np.linalg.inv(X.T @ ((p * (1 - p))[:, None] * X))
    assert_allclose(table["std_error"], np.sqrt(np.diag(inverse)), rtol=1e-6)
    z = table["coefficient"] / table["std_error"]
    assert_allclose(table["p_value"], 2 * stats.norm.sf(np.abs(z)), rtol=1e-6)
    inverse_correlation = np.linalg.inv(np.corrcoef(X[:, 1:], rowvar=False))
    assert_allclose(table["vif"].iloc[1:], np.diag(inverse_correlation), rtol=1e-6)

    # Likelihood ratios from another implementation, left out one by one.
    def likelihood(columns):
        other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
        other.fit(X[:, columns], book.target)
        return -log_loss(
            book.target, other.predict_proba(X[:, columns]), normalize=False
        )

    everything = list(range(1, X.shape[1]))
    full = likelihood(everything)
    for j in everything[:4]:
        gain = 2 * (full - likelihood([k for k in everything if k != j]))
        assert table["lr_p_value"].iloc[j] == pytest.approx(
            stats.chi2.sf(gain, 1), rel=1e-3, abs=1e-6
        )


def test_selection_keeps_weight_and_repetition_equal(book):
    X, y = book.data.head(1_500), book.target[:1_500]
    options = {"selection": "both", "criterion": "bic"}
    by_weight = ScorecardClassifier(**options).fit(X, y, np.full(1_500, 2.0))
    by_rows = ScorecardClassifier(**options).fit(pd.concat([X, X]), np.tile(y, 2))
    assert list(by_weight.coefficients_) == list(by_rows.coefficients_)
    assert_array_equal(
        [step.name for step in by_weight.steps_], [step.name for step in by_rows.steps_]
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"selection": "stepwise"}, "selection must be one of"),
        ({"criterion": "bik"}, "Did you mean 'bic'"),
        ({"signs": "positive"}, "signs must be one of"),
        ({"p_enter": 2}, "p_enter"),
        ({"selection": "both", "p_enter": 0.2}, "not be above p_remove"),
        ({"signs": "free", "l1": 1.0}, "l1 needs"),
        ({"must_have": ["incme"]}, "Did you mean 'income'"),
        ({"never": "income"}, "sequence of features"),
        ({"must_have": ["income"], "never": ["income"]}, "must differ"),
        ({"groups": ["income"]}, "groups must map"),
        ({"groups": {"a": ["income"], "b": ["income"]}}, "is in the groups"),
        (
            {"groups": {"a": ["income", "age"]}, "must_have": ["income", "age"]},
            "One characteristic of group 'a'",
        ),
    ],
)
def test_bad_choices_are_refused(book, parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        card(book, **parameters)


def test_a_bar_on_stderr_follows_the_steps(book, capsys):
    X, y = book.data, book.target
    card = ScorecardClassifier(selection="forward", verbose=True, min_iv=0.0).fit(X, y)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Choosing characteristics" in shown.err
    assert len(card.steps_) > 1
    ScorecardClassifier(selection="forward", min_iv=0.0).fit(X, y)
    assert capsys.readouterr().err == ""
    with pytest.raises(InvalidParameterError, match="verbose"):
        ScorecardClassifier(verbose="loud").fit(X, y)


@pytest.mark.parametrize("selection", ["forward", "backward", "both"])
def test_steps_that_start_from_the_fit_before_end_where_a_cold_fit_ends(selection):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(3000, 12))
    X[:, 6:] += X[:, :6]
    z = X[:, :4] @ [0.8, -0.5, 0.4, 0.3] - 1.0
    y = rng.random(3000) < 1 / (1 + np.exp(-z))
    card = ScorecardClassifier(selection=selection, criterion="aic", min_iv=0.0)
    card.fit(X, y)
    chosen = [f"x{j}" for j in range(12) if f"x{j}" in card.coefficients_]
    never = [f"x{j}" for j in range(12) if f"x{j}" not in chosen]
    alone = ScorecardClassifier(never=never, min_iv=0.0).fit(X, y)
    for name in chosen:
        assert card.coefficients_[name] == pytest.approx(
            alone.coefficients_[name], abs=1e-7
        )
