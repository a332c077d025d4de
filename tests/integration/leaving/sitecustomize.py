"""Found by programs of the SDK through PYTHONPATH: they end a moment after their last call.

The threads of the SDK's HTTP library abort a process that ends while they let go of Python's objects. Our own client
waits for them, the SDK does not.
"""

import atexit
import sys
import time


@atexit.register
def _wait_for_threads() -> None:
    if "pyqwest" in sys.modules:
        time.sleep(0.5)
