# SPDX-License-Identifier: Apache-2.0

"""The program of every daemon; not for people, who use ``sandbox up``."""

import gc
import importlib

from extend_conformance.sandbox import daemon


def main() -> None:
    """Run the daemon that the first argument names."""
    startup = daemon.Startup()
    # Nothing of what is imported is garbage; looking for it takes a tenth of
    # the start. Collected again as soon as the daemon is ready.
    gc.disable()
    with startup.told():
        service = importlib.import_module(
            f'extend_conformance.sandbox.{startup.service}'
        )
        service.run(startup)


if __name__ == '__main__':
    main()
