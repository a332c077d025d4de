"""Starting a run for an execution, once: its name is the same at every attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from flyte_jupyter.actions._models import TriggerExecutionResponse
from flyte_jupyter.remote import AlreadyExistsError, Client, NotFoundError, Run


async def launch_once(
    client: Client, execution: TriggerExecutionResponse, start: Callable[[str], Awaitable[Run]]
) -> Run:
    """The run of an execution: started with its name, or the one that an earlier attempt started.

    Args:
        client: The connection, with the project and domain of the run.
        execution: The execution.
        start: Starts a run of the name that it is given.

    Raises:
        FlyteError: It cannot be started.
    """
    name = execution.run_name
    if execution.repeated:
        # Flyte's own backend starts a run of the same name again instead of refusing it.
        try:
            return await Run.get.aio(name, client=client)
        except NotFoundError:
            pass
    try:
        return await start(name)
    except AlreadyExistsError:
        return await Run.get.aio(name, client=client)
