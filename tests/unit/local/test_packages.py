from __future__ import annotations

import gzip
import pickle
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cloudpickle
import flyte

from flyte_jupyter.local._packages import in_pickle, in_source, missing_packages
from tests.unit.local.support import task_spec

SOURCE = """
import flyte
image = flyte.Image.from_debian_base().with_pip_packages("no-such-package-of-ours>=1").with_pip_packages(["protobuf"])
env = flyte.TaskEnvironment(name="env", image=image)
other = flyte.TaskEnvironment(name="other", image=flyte.Image.from_debian_base().with_pip_packages("elsewhere"))

@env.task
async def mine(): ...

@other.task(retries=1)
def theirs(): ...
"""


def test_source() -> None:
    assert sorted(in_source(SOURCE, "mine")) == ["no-such-package-of-ours>=1", "protobuf"]
    assert list(in_source(SOURCE, "theirs")) == ["elsewhere"]
    assert list(in_source(SOURCE, "nobody")) == []


def test_pickle() -> None:
    image = flyte.Image.from_debian_base().with_pip_packages("one", "two==2").with_apt_packages("curl")
    assert [name for name in in_pickle(cloudpickle.dumps(image.with_pip_packages("three"))) if name in NAMES] == [
        "one",
        "two==2",
        "three",
    ]
    assert "curl" not in list(in_pickle(cloudpickle.dumps(image)))


NAMES = {"one", "two==2", "three"}


def test_nothing_of_a_pickle_is_executed(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (tmp_path / "executed",)

    list(in_pickle(pickle.dumps([Evil(), "extra_args", "packages"])))
    assert not (tmp_path / "executed").exists()


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(SOURCE)
    with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "module.py", "module.py")
    spec = task_spec()
    spec.task_template.container.args.extend(
        ["--tgz", str(tmp_path / "code.tar.gz"), "--dest", ".", "mod", "module", "instance", "mine"]
    )
    assert missing_packages(spec) == ["no-such-package-of-ours>=1"]


def test_bundles_that_cannot_be_read_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.gz").write_bytes(gzip.compress(b"\x80\x05no pickle"))
    for arguments in (["--pkl", str(tmp_path / "broken.gz")], ["--tgz", str(tmp_path / "none")], []):
        spec = task_spec()
        spec.task_template.container.args.extend(arguments)
        assert missing_packages(spec) == []


def test_sources_are_read_by_several_threads_at_once() -> None:
    deep = SOURCE + "x = " + "(" * 60 + "1" + ")" * 60 + "\n" + "y = [[[[[[[[1]]]]]]]]\n" * 300
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: list(in_source(deep, "theirs")), range(24)))
    assert found == [["elsewhere"]] * 24
