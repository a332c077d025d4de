from __future__ import annotations

from typing import Any, cast

import pytest
from flyteidl2.secret import definition_pb2, payload_pb2

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Secret
from tests.unit.remote.fake_backend import FakeBackend, StatusError


def secret(name: str, type_: int = 0) -> definition_pb2.Secret:
    found = definition_pb2.Secret(id=definition_pb2.SecretIdentifier(name=name))
    found.secret_metadata.type = type_  # type: ignore[assignment]
    return found


def test_values_go_out_as_they_are(client: Client, backend: FakeBackend) -> None:
    backend.scripts["CreateSecret"] = lambda request: payload_pb2.CreateSecretResponse()
    Secret.create("text", "hush")
    Secret.create("bytes", b"\x00hush")
    Secret.create("pull", "hush", "image_pull")
    Secret.create("all", "hush", project="", domain="")
    text, data, pull, everywhere = [request for rpc, request in backend.calls if rpc == "CreateSecret"]
    assert (text.secret_spec.WhichOneof("value"), text.secret_spec.string_value) == ("string_value", "hush")
    assert (text.id.project, text.id.domain, int(text.secret_spec.type)) == ("flytesnacks", "development", 0)
    assert data.secret_spec.binary_value == b"\x00hush"
    assert (pull.id.project, pull.id.domain, int(pull.secret_spec.type)) == ("", "", 1)
    assert (everywhere.id.project, everywhere.id.domain) == ("", "")


def test_another_value(client: Client, backend: FakeBackend) -> None:
    backend.scripts["UpdateSecret"] = lambda request: payload_pb2.UpdateSecretResponse()
    Secret.update("text", "hush")
    Secret.update("pull", b"\x00hush", "image_pull")
    text, pull = [request for rpc, request in backend.calls if rpc == "UpdateSecret"]
    assert (text.id.name, text.id.project, text.id.domain) == ("text", "flytesnacks", "development")
    assert text.secret_spec.string_value == "hush"
    assert (pull.id.project, pull.id.domain, int(pull.secret_spec.type)) == ("", "", 1)
    assert pull.secret_spec.binary_value == b"\x00hush"


def test_values_are_never_shown(client: Client, backend: FakeBackend) -> None:
    def refuse(request: Any) -> Any:
        raise StatusError("ALREADY_EXISTS", "it is there")

    backend.scripts["CreateSecret"] = refuse
    for value in ("hush-hush", 123456789, ["hush-hush"]):
        with pytest.raises(remote.FlyteError) as caught:
            Secret.create("s", value)  # type: ignore[arg-type]
        assert "hush" not in f"{caught.value!r} {caught.value}"
        assert "123456789" not in str(caught.value)
        chain = caught.value.__cause__
        assert chain is None


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Secret.create("s", "v", cast("Any", "odd")), '"regular" or "image_pull", and not \'odd\''),
        (lambda: Secret.create("s", "v", "image_pull", project="p"), "is for all projects and domains"),
        (lambda: Secret.create("", "v"), "that is empty"),
        (lambda: Secret.update("s", cast("Any", 7)), "is text or bytes, and not of type int"),
        (lambda: list(Secret.listall(limit=0)), "At least one secret must be asked for at once"),
    ],
)
def test_what_cannot_be(client: Client, backend: FakeBackend, call: Any, sentence: str) -> None:
    with pytest.raises(remote.InvalidArgumentError) as caught:
        call()
    assert sentence in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert backend.calls == []


def test_pages_by_one_token(client: Client, backend: FakeBackend) -> None:
    pages = {"": ("a", "1"), "1": ("b", "2"), "2": ("c", "")}

    def answer(request: Any) -> Any:
        name, token = pages[request.token]
        return payload_pb2.ListSecretsResponse(secrets=[secret(name)], token=token)

    backend.scripts["ListSecrets"] = answer
    assert [each.name for each in Secret.listall(limit=1)] == ["a", "b", "c"]


def test_pages_by_a_token_for_each_cluster(client: Client, backend: FakeBackend) -> None:
    def answer(request: Any) -> Any:
        tokens = dict(request.per_cluster_tokens)
        if not tokens:
            return payload_pb2.ListSecretsResponse(secrets=[secret("a")], per_cluster_tokens={"x": "1", "y": ""})
        assert tokens == {"x": "1"}, "a cluster that has no more is not asked again"
        return payload_pb2.ListSecretsResponse(secrets=[secret("b")], per_cluster_tokens={"x": ""})

    backend.scripts["ListSecrets"] = answer
    assert [each.name for each in Secret.listall()] == ["a", "b"]


def test_a_backend_that_does_not_get_on_ends_the_list(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListSecrets"] = lambda request: payload_pb2.ListSecretsResponse(secrets=[secret("a")], token="1")
    assert [each.name for each in Secret.listall()] == ["a", "a"]


def test_kinds(client: Client) -> None:
    assert [Secret(secret("s", kind)).type for kind in (0, 1)] == ["regular", "image_pull"]
    with pytest.raises(ValueError, match="is of a kind that this version does not know"):
        _ = Secret(secret("s", 7)).type
    assert repr(Secret(secret("s"))) == "Secret(s)"
    assert Secret(secret("s")).created_at is None


def test_a_secret_that_is_not_there(client: Client, backend: FakeBackend) -> None:
    def refuse(request: Any) -> Any:
        raise StatusError("NOT_FOUND", "no")

    backend.scripts["GetSecret"] = backend.scripts["UpdateSecret"] = backend.scripts["DeleteSecret"] = refuse
    with pytest.raises(remote.NotFoundError, match="There is no secret 's' in project 'flytesnacks'"):
        Secret.get("s")
    with pytest.raises(remote.NotFoundError, match="There is no secret 's' in project 'flytesnacks'") as caught:
        Secret.update("s", "hush")
    assert "hush" not in str(caught.value)
    with pytest.raises(remote.NotFoundError, match="There is no secret 's' for all projects"):
        Secret.delete("s", project="", domain="")
