import sys

from flyte_jupyter.local._cli import main

sys.exit(main(prog="python -m flyte_jupyter.local"))
