"""Asks one client everything, and prints the answers in JSON: `python -m tests.integration.differential.ask PEER ...`.

PEER is "seed" (the SDK of the seeds, over gRPC), "sdk" (the current one, over Connect), "grpc" or "connect" (ours on
that wire). The questions are the same code for all, since the names are: only how a client connects differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.integration.differential import answers, entities, runs


def sdk(peer: str, endpoint: str) -> Any:
    """`flyte.remote`, connected."""
    import flyte
    import flyte.io
    import flyte.remote

    place = {"insecure": True, "project": "flytesnacks", "domain": "development"}
    if peer == "seed":
        # gRPC knows no paths, so the token that is in the endpoint's travels as a credential.
        address, _, token = endpoint.removeprefix("http://").partition("/")
        flyte.init(endpoint=f"dns:///{address}", auth_type="ExternalCommand", command=["echo", token], **place)
    else:
        flyte.init(endpoint=endpoint, **place)
    return flyte.remote


def ours(peer: str, endpoint: str) -> Any:
    """`flyte_jupyter.remote`, connected."""
    from flyte_jupyter import remote

    wire: Any = peer
    remote.connect(endpoint, project="flytesnacks", domain="development", transport=wire)
    return remote


def main(peer: str, endpoint: str, place: str) -> None:
    """Ask and print."""
    connect = sdk if peer in ("seed", "sdk") else ours
    world = answers.World(connect(peer, endpoint), peer, Path(place))
    said: dict[str, Any] = {}
    for module in (runs, entities):
        for name, question in {**module.QUESTIONS, **({} if peer == "seed" else module.LATER)}.items():
            said[name] = world.answer(question)
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
