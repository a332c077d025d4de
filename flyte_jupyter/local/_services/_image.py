"""ImageService: no image is ever built, every one exists."""

from __future__ import annotations

from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.imagebuilder import definition_pb2, payload_pb2, service_connect

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._status import invalid

Context = RequestContext[Any, Any]


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [service_connect.ImageServiceASGIApplication(ImageService())]


class ImageService(service_connect.ImageService):
    """Images by name."""

    async def get_image(self, request: payload_pb2.GetImageRequest, ctx: Context) -> payload_pb2.GetImageResponse:
        """`local/NAME` for any name: tasks run in the interpreter of the backend."""
        if not request.id.name:
            raise invalid("The image has no name.")
        image = definition_pb2.Image(id=request.id, fqin=f"local/{request.id.name}")
        return payload_pb2.GetImageResponse(image=image)
