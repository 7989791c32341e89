"""A lending service: decisions over HTTP, reasons for every decline, a log to replay.

    RISKKIT_MODEL=model.rk RISKKIT_LOG=decisions.jsonl RISKKIT_LOG_SECRET=... \\
        uvicorn --factory app:from_environment --loop uvloop --http httptools \\
        --no-access-log --no-proxy-headers

A decision is in the log before it is in the answer, so that a service that is killed
owes nobody an explanation. What applicants said is in neither log.
"""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fields import (
    MOST_BYTES,
    RequestError,
    read_application,
    read_json,
    read_n_reasons,
    read_rows,
    schemas,
)
from request_log import RequestLog

from riskkit.exceptions import RiskkitError
from riskkit.serving import DecisionLog, load_scorer

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = {
    code: {"description": text}
    for code, text in {
        400: "The body is not a JSON object",
        413: "The body is too large",
        415: "The body is not application/json",
        422: "A field is absent, or of the wrong type; the message names it",
    }.items()
}


def from_environment() -> FastAPI:
    """Make the service from the variables that begin with RISKKIT."""
    app = create_app(
        os.environ["RISKKIT_MODEL"],
        os.environ["RISKKIT_LOG"],
        secret=os.environ.get("RISKKIT_LOG_SECRET", "").encode() or None,
    )
    # What is loaded by now lives as long as the process. To look for garbage in it
    # takes tens of milliseconds, and whoever asks meanwhile would wait for it.
    gc.collect()
    gc.freeze()
    return app


class PlainRoute(APIRoute):
    """A route whose function reads the request and makes the response by itself.

    FastAPI finds nothing to solve or to check for it, and does not look: of what it
    adds to a request, that is half.
    """

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return the function that was decorated, as it is."""
        return self.endpoint


def create_app(model: str, log: str, secret: bytes | None = None) -> FastAPI:
    """Make the service of one model; its decisions are added to `log`.

    A line of the log outlives the process from the moment that it is answered. It
    outlives a loss of power too with ``fsync=True``, at some milliseconds an answer.
    """
    scorer = load_scorer(model)
    decisions = DecisionLog(log, secret=secret, fsync=False)
    shapes = schemas(scorer.kinds)
    app = FastAPI(title="Lending service", version=scorer.model_id)
    app.state.decisions = decisions
    app.add_middleware(RequestLog)

    @app.exception_handler(RequestError)
    async def refuse(_: Request, error: RequestError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=error.status)

    @app.exception_handler(RiskkitError)
    async def explain(_: Request, error: RiskkitError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=422)

    app.router.route_class = PlainRoute

    @app.post("/score", **described(shapes["application"], "Decide one application"))
    async def score(request: Request) -> JSONResponse:
        identifier, fields = read_application(await read_body(request))
        n_reasons = read_n_reasons(request.scope["query_string"])
        result = scorer.score(fields, n_reasons=n_reasons)
        entry = decisions.append(fields, result, key=identifier)
        return JSONResponse(
            {"application_id": identifier, "log_entry": entry.hash, **entry.answer}
        )

    @app.post("/batch", **described(shapes["applications"], "Score many applications"))
    async def batch(request: Request) -> JSONResponse:
        body = await read_body(request)
        identifiers, columns = read_rows(body, scorer.features)
        # A large table takes milliseconds: others must not wait for it.
        result = await run_in_threadpool(scorer.score_batch, columns)
        found = zip(
            identifiers, result.pd.tolist(), result.points.tolist(), strict=True
        )
        return JSONResponse(
            {
                "model_id": scorer.model_id,
                "scores": [
                    {"application_id": name, "pd": pd, "points": points}
                    for name, pd, points in found
                ],
            }
        )

    app.router.route_class = APIRoute

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "model_id": scorer.model_id}

    @app.get("/model")
    async def model_card() -> dict[str, Any]:
        manifest = scorer.manifest
        return {
            "model": manifest.model,
            "model_id": scorer.model_id,
            "strategy_id": scorer.strategy_id,
            "trained_on": {"rows": manifest.n_rows, "events": manifest.n_events},
            "window": manifest.window,
            "event": manifest.classes[1],
            "fields": scorer.kinds,
            "left_out": manifest.left_out,
            "riskkit": manifest.riskkit_version,
        }

    @app.get("/reasons")
    async def reasons() -> dict[str, str]:
        return scorer.reason_texts

    return app


async def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request, which may not be large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise RequestError(413, f"The body may hold {MOST_BYTES:,} bytes at most.")
    return read_json(bytes(body), request.headers.get("content-type", ""))


def described(schema: dict[str, Any], summary: str) -> dict[str, Any]:
    """Return what OpenAPI says of a route whose body is read by hand."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    reasons = {
        "name": "reasons",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10, "default": 4},
    }
    one = "many" not in summary
    extra = {"requestBody": body, **({"parameters": [reasons]} if one else {})}
    return {"summary": summary, "openapi_extra": extra, "responses": REFUSED}
