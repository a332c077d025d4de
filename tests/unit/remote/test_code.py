from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.core.tasks_pb2 import TaskTemplate
from flyteidl2.dataproxy import dataproxy_service_pb2 as dataproxy
from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter import remote
from flyte_jupyter.remote import ActionPhase, Client, CodeBundle, Run
from flyte_jupyter.remote._code import code_bundle
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details
from tests.unit.remote.test_run import serve
from tests.unit.remote.test_storage import web


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def task_with(*arguments: str) -> definition.ActionDetails:
    details = action_details(phase=ActionPhase.SUCCEEDED)
    details.task.task_template.container.args.extend(arguments)
    return details


def linked(backend: FakeBackend, link: str | None) -> None:
    def script(request: dataproxy.CreateDownloadLinkRequest) -> Any:
        assert request.artifact_type == dataproxy.ARTIFACT_TYPE_CODE_BUNDLE
        if link is None:
            raise StatusError("INVALID_ARGUMENT", "reports only")
        return dataproxy.CreateDownloadLinkResponse(pre_signed_urls=dataproxy.PreSignedURLs(signed_url=[link]))

    backend.scripts["CreateDownloadLink"] = script


def test_where_the_bundle_is() -> None:
    template = TaskTemplate()
    assert code_bundle(template) is None
    template.metadata.code_bundle_uri = "s3://b/x.pkl.gz?v=1"
    assert code_bundle(template) == CodeBundle("", pkl="s3://b/x.pkl.gz?v=1")
    template.metadata.code_bundle_uri = "s3://b/x.tar.gz"
    assert code_bundle(template) == CodeBundle("", tgz="s3://b/x.tar.gz")
    pod = {"containers": [{"name": "side"}, {"name": "main", "args": ["a0", "--pkl", "s3://b/p", "--dest", "/w"]}]}
    template.k8s_pod.pod_spec.update(pod)
    template.k8s_pod.primary_container_name = "main"
    assert code_bundle(template) == CodeBundle("", "/w", pkl="s3://b/p")
    template.ClearField("k8s_pod")
    template.container.args.extend(["--tgz", "s3://b/t", "--version", "v1", "--tgz"])
    assert code_bundle(template) == CodeBundle("v1", tgz="s3://b/t")
    template.ClearField("container")
    template.k8s_pod.pod_spec["containers"] = "nonsense"
    assert code_bundle(template) == CodeBundle("", tgz="s3://b/x.tar.gz")


def test_download_through_a_link(client: Client, backend: FakeBackend, tmp_path: Path) -> None:
    serve(backend, task_with("--tgz", "s3://nowhere/code.tgz", "--version", "v1"))
    run = Run.get("r1")
    bundle = run.code_bundle()
    assert bundle == run.details().action_details.code_bundle == CodeBundle("v1", tgz="s3://nowhere/code.tgz")
    with web({"/code": (200, archive(**{"a.py": "x = 1", "p/b.py": "y = 2"}))}) as address:
        linked(backend, f"{address}/code?signature=s")
        place = run.download_code(tmp_path / "new" / "code")
        assert sorted(str(path.relative_to(place)) for path in place.rglob("*.py")) == ["a.py", "p/b.py"]
        kept = run.action.download_code(str(tmp_path / "kept"), extract=False)
        assert kept == tmp_path / "kept" / "code.tgz"
        assert tarfile.is_tarfile(kept)


def test_download_without_a_link(client: Client, backend: FakeBackend, tmp_path: Path) -> None:
    (tmp_path / "task.pkl").write_bytes(b"a pickle")
    serve(backend, task_with("--pkl", str(tmp_path / "task.pkl")))
    linked(backend, None)
    path = Run.get("r1").download_code(tmp_path / "code")
    assert path == tmp_path / "code" / "task.pkl", "a pickle stays a pickle"
    assert path.read_bytes() == b"a pickle"
    (tmp_path / "task.pkl").unlink()
    with pytest.raises(remote.NotFoundError):
        Run.get("r1").download_code(tmp_path / "code")


def test_what_cannot_be_downloaded(client: Client, backend: FakeBackend, tmp_path: Path) -> None:
    serve(backend, task_with())
    with pytest.raises(remote.NotFoundError, match="part of its image"):
        Run.get("r1").download_code(tmp_path)
    assert Run.get("r1").code_bundle() is None
    serve(backend, task_with("--tgz", str(tmp_path / "broken.tgz")))
    linked(backend, None)
    (tmp_path / "broken.tgz").write_bytes(b"not an archive")
    with pytest.raises(remote.ServerError, match="cannot be unpacked"):
        Run.get("r1").download_code(tmp_path / "code")
    with pytest.raises(remote.InvalidArgumentError, match="is not a directory"):
        Run.get("r1").download_code(tmp_path / "broken.tgz")


@pytest.mark.parametrize("name", ["../outside.py", "/tmp/outside.py"])
def test_an_archive_stays_where_it_is_unpacked(client: Client, backend: FakeBackend, tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.tgz").write_bytes(archive(**{name: "boo"}))
    serve(backend, task_with("--tgz", str(tmp_path / "bad.tgz")))
    linked(backend, None)
    if name.startswith("/"):
        Run.get("r1").download_code(tmp_path / "code")
        assert (tmp_path / "code" / "tmp" / "outside.py").is_file()
    else:
        with pytest.raises(remote.ServerError, match="cannot be unpacked"):
            Run.get("r1").download_code(tmp_path / "code")
    assert not (tmp_path / "outside.py").exists()
    assert not Path("/tmp/outside.py").exists()
