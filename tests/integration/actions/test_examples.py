"""The notebook of examples runs as it is, and everything in it fires."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.integration.actions.kernels import Kernel
from tests.integration.support import Sdk, until

EXAMPLES = Path(__file__).parents[3] / "examples" / "actions.ipynb"
FIRED = ("run_task", "callback", "abort", "notify", "rerun", "signal")


def test_every_action_of_the_examples_fires(sdk: Sdk, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES.with_name("training.py"), tmp_path)
    kernel = Kernel(sdk.python, tmp_path)
    try:
        for cell in json.loads(EXAMPLES.read_text())["cells"]:
            if cell["cell_type"] == "code":
                assert "Traceback" not in kernel.tell(cell["source"])
        kernel.run("from flyte_jupyter.actions import armed_rows")
        listed = "print({row.action.split()[0]: row.state for row in armed_rows() if row.fired})"

        def fired() -> bool:
            text = kernel.tell(listed)
            return all(f"'{flavor}': 'succeeded'" in text for flavor in FIRED)

        until(fired, "each fired and succeeded", 60)
        assert kernel.asked == []
    finally:
        kernel.run("from flyte_jupyter import local\nlocal.stop()")
        kernel.kill()
