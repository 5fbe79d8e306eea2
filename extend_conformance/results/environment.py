# SPDX-License-Identifier: Apache-2.0

"""Facts about the machine under test, which every result is read with.

Attachments are made on this machine; what is true of the cloud is found out
elsewhere.
"""

import importlib.metadata
import os
import platform

#: Distributions whose version changes what is measured.
PROGRAMS = (
    'extend-conformance',
    'os-brick',
    'python-cinderclient',
    'tempest',
)


def host_facts() -> dict[str, str]:
    """Name, system and versions of this machine, for ``Run.host``.

    A program that is not installed is left out.
    """
    facts = {
        'hostname': platform.node(),
        'system': _system(),
        'kernel': platform.release(),
        'machine': platform.machine(),
        'cpus': str(len(os.sched_getaffinity(0))),
        'python': platform.python_version(),
    }
    for program in PROGRAMS:
        try:
            facts[program] = importlib.metadata.version(program)
        except importlib.metadata.PackageNotFoundError:
            continue
    return facts


def _system() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    return release.get('PRETTY_NAME', platform.system())
