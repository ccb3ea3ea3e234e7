"""Who waits, as one writes it first: an event a store under Starlette and uvicorn, and nobody
asks who waits.

    python -m benchmarks.reference.waiting_tills --port N

`GET /wait?store=S` is answered when somebody asks `POST /tell?store=S`, of all stores without one.
"""

import argparse
import asyncio
from collections import defaultdict

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)


async def wait(request: Request) -> JSONResponse:
    store = request.query_params["store"]
    await _events[store].wait()
    return JSONResponse({"changed": [store]})


async def tell(request: Request) -> JSONResponse:
    store = request.query_params.get("store")
    for name in [store] if store else list(_events):
        _events.pop(name, asyncio.Event()).set()
    return JSONResponse({})


application = Starlette(
    routes=[Route("/wait", wait), Route("/tell", tell, methods=["POST"])],
)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    uvicorn.run(
        application,
        port=options.parse_args().port,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="off",
        backlog=16_384,
    )


if __name__ == "__main__":
    main()
