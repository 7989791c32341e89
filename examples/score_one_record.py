"""A lending service in twenty lines: load once, score each application, say why.

Run it with the path of a model that `riskkit train` or `riskkit demo` wrote:

    python examples/score_one_record.py demo_output/model.rk
"""

import sys

from riskkit.exceptions import RiskkitError
from riskkit.serving import load_scorer

scorer = load_scorer(sys.argv[1])


def decide(application: dict[str, object], cutoff: float = 0.15) -> dict[str, object]:
    """Decline above the cut-off on the PD, with the reasons."""
    try:
        result = scorer.score(application)
    except RiskkitError as error:
        return {"decision": "refer", "why": str(error)}
    declined = result.pd > cutoff
    return {
        "decision": "decline" if declined else "approve",
        "pd": round(result.pd, 4),
        "points": result.points,
        "reasons": [reason.text for reason in result.reasons] if declined else [],
        "model": result.model_id,
    }


empty = dict.fromkeys(scorer.features)
print(decide(empty))
print(decide({**empty, "State": "FL", "BankState": "NC", "same_state": 0}))
print(decide({"State": "FL"}))
