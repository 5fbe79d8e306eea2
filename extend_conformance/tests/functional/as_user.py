# SPDX-License-Identifier: Apache-2.0

"""Runs a command as an ordinary user who can reach the code under test.

Checkout, environment and interpreter are often below a directory that only
root can enter, such as ``/root``. Nothing of that is copied or opened to
others: in a mount namespace of its own, which ends with its last process,
the closed directories are covered, and the ones that are needed are put back
at their own paths. Started as root by :func:`command`.
"""

import collections.abc
import os
import pathlib
import pwd
import stat
import subprocess
import sys

import extend_conformance

_READ = stat.S_IROTH
_ENTER = stat.S_IROTH | stat.S_IXOTH


def command(user: str, words: collections.abc.Iterable[str]) -> list[str]:
    """The command that runs another one as a user, without capabilities.

    :param user: an ordinary user.
    :param words: what to run; the environment stays as it is.
    """
    return [
        *('unshare', '--mount', '--propagation', 'private'),
        *(sys.executable, '-m', __name__, user, *words),
    ]


def needed() -> tuple[pathlib.Path, ...]:
    """The directories of the code: checkout, environment, interpreter."""
    package = pathlib.Path(extend_conformance.__file__).resolve().parent
    return tuple(
        pathlib.Path(each).resolve()
        for each in (package.parent, sys.prefix, sys.base_prefix)
    )


def _is_open(path: pathlib.Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _outermost_closed(path: pathlib.Path) -> pathlib.Path | None:
    """The first directory on the way that others cannot read or enter."""
    for each in (*reversed(path.parents), path):
        if not _is_open(each, stat.S_IXOTH):
            return each
    return None if _is_open(path, _ENTER) else path


def _parts(path: pathlib.Path) -> list[pathlib.Path]:
    """The directory, or its entries if it is closed itself."""
    if _is_open(path, _ENTER):
        return [path]
    return [each for each in path.iterdir() if not each.is_symlink()]


def _mount(*words: str, keep: tuple[int, ...] = ()) -> None:
    subprocess.run(('mount', *words), check=True, pass_fds=keep)


def open_the_way() -> None:
    """Let everybody reach the code, in this mount namespace alone."""
    closed = {}
    for path in needed():
        cover = _outermost_closed(path)
        if cover is not None:
            closed[path] = cover
    # Held open, these can still be mounted when their paths are covered.
    held = {
        part: os.open(part, os.O_PATH)
        for path in closed
        for part in _parts(path)
    }
    kinds = {part: part.is_dir() for part in held}
    for cover in set(closed.values()):
        _mount('-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', str(cover))
    for part, descriptor in sorted(held.items()):
        if part.exists():
            # It came with a directory above it, perhaps behind another
            # closed one: tox makes .tox for its owner alone.
            cover = _outermost_closed(part)
            if cover in (None, part):
                continue
            _mount('-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', str(cover))
        part.parent.mkdir(parents=True, exist_ok=True)
        if kinds[part]:
            part.mkdir()
        else:
            part.touch()
        _mount(
            *('--no-canonicalize', '--bind'),
            *(f'/proc/self/fd/{descriptor}', str(part)),
            keep=(descriptor,),
        )


def main() -> None:
    """Open the way, become the user, and become the command."""
    user, *words = sys.argv[1:]
    mounts = os.readlink('/proc/self/ns/mnt')
    if mounts == os.readlink(f'/proc/{os.getppid()}/ns/mnt'):
        # It would cover them for everybody on this machine.
        sys.exit('This is for a mount namespace of its own: see command().')
    os.umask(0o022)
    open_the_way()
    if not _is_open(pathlib.Path(__file__), _READ):
        sys.exit(f'{__file__} is readable by its owner alone (umask?)')
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    # Takes all capabilities away too, see capabilities(7).
    os.setuid(entry.pw_uid)
    os.execvp(words[0], words)  # noqa: S606


if __name__ == '__main__':
    main()
