"""Console entry point: finds the command line of the checkout, and in a bare wheel says what to do instead."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec


def main() -> int:
    """Run the command line; the return value is the exit code."""
    if find_spec("cli") is None or find_spec("flows") is None:
        sys.stderr.write(
            "petarseg is installed as a library only: the commands and flows run from a checkout.\n"
            "Get the source, then `make install` there (README.md), or use the library: `from petarseg.suv import ...`.\n"
        )
        return 2
    # Before numpy is imported: OpenBLAS would start a thread for each CPU, let them spin for a while, and petarseg has no large matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cli.main import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
