#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Make the file with the documented claims of every Cinder release.

Cinder publishes its support matrix as a page and, inside its source
distributions, as an INI file. This program collects the one row that matters
here out of the newest source distribution of each series. It talks to the
package index through pip alone, and takes from this project only the parser
of that INI form.

Run it when a Cinder series or a point release has been published, and commit
what it wrote::

    python3 -m venv /tmp/matrix
    /tmp/matrix/bin/pip install 'setuptools<81' pbr
    PYTHONPATH=. /tmp/matrix/bin/python tools/generate_matrix_data.py

setuptools and pbr are there for old releases: pip asks a source distribution
for its metadata before it hands it out. The output is a function of the
source distributions alone, so that a second run changes nothing.
"""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import typing as ty

from extend_conformance.claims import matrix
from extend_conformance.claims import matrix_ini

FORMAT_VERSION = 1
MICROVERSION_MEMBER = 'cinder/api/openstack/api_version_request.py'
OUTPUT = (
    pathlib.Path(__file__).resolve().parent.parent
    / 'extend_conformance'
    / 'claims'
    / 'online_extend_matrix.json'
)

# Major version of Cinder by series: https://releases.openstack.org/teams/cinder.html
SERIES = {
    'rocky': 13,
    'stein': 14,
    'train': 15,
    'ussuri': 16,
    'victoria': 17,
    'wallaby': 18,
    'xena': 19,
    'yoga': 20,
    'zed': 21,
    '2023.1': 22,
    '2023.2': 23,
    '2024.1': 24,
    '2024.2': 25,
    '2025.1': 26,
    '2025.2': 27,
    '2026.1': 28,
    '2026.2': 29,
}


def published_versions() -> list[tuple[int, ...]]:
    """Return all final versions of cinder that the package index has."""
    answer = subprocess.run(
        [sys.executable, '-m', 'pip', 'index', 'versions', 'cinder'],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r'^Available versions: (.+)$', answer, re.MULTILINE)
    if found is None:
        raise SystemExit(f'pip did not list versions of cinder: {answer!r}')
    return [
        tuple(int(part) for part in version.split('.'))
        for version in found[1].split(', ')
        if re.fullmatch(r'[0-9.]+', version)
    ]


def source_distribution(version: str, directory: pathlib.Path) -> pathlib.Path:
    """Return the source distribution, downloaded unless it is there."""
    wanted = directory / f'cinder-{version}.tar.gz'
    if not wanted.exists():
        subprocess.run(
            [
                *(sys.executable, '-m', 'pip', 'download', '--quiet'),
                *('--no-deps', '--no-binary', 'cinder'),
                *('--no-build-isolation', '--dest', str(directory)),
                f'cinder=={version}',
            ],
            check=True,
        )
    return wanted


def read_member(archive: tarfile.TarFile, name: str) -> str:
    """Return the text of a file below the archive's only top directory."""
    top = archive.getnames()[0].partition('/')[0]
    stream = archive.extractfile(f'{top}/{name}')
    if stream is None:
        raise SystemExit(f'{top} has no file {name}')
    return stream.read().decode('utf-8')


def read_series(series: str, archive_path: pathlib.Path) -> dict[str, ty.Any]:
    """Return what is recorded of one series."""
    with tarfile.open(archive_path) as archive:
        microversion = re.search(
            r'^_MAX_API_VERSION = "([0-9.]+)"$',
            read_member(archive, MICROVERSION_MEMBER),
            re.MULTILINE,
        )
        if microversion is None:
            raise SystemExit(f'{archive_path} tells no maximum microversion')
        parsed = matrix_ini.parse(
            read_member(archive, matrix.UPSTREAM_PATH), series
        )
    claimed = {row.line or 0 for row in parsed.rows.values()}
    for row in parsed.rows.values():
        # The loader makes the line again from the key and the value.
        if parsed.lines.get(row.line or 0) != f'driver.{row.key}={row.value}':
            raise SystemExit(f'{series}: unusual line {row.line}')
    version = archive_path.name.removeprefix('cinder-').removesuffix('.tar.gz')
    return {
        'series': series,
        'cinder_version': version,
        'sdist_sha256': hashlib.sha256(archive_path.read_bytes()).hexdigest(),
        'max_microversion': microversion[1],
        'lines_before': [
            line
            for number, line in parsed.lines.items()
            if number < min(claimed)
        ],
        'rows': {
            key: describe(row) for key, row in sorted(parsed.rows.items())
        },
        'lines_after': [
            line
            for number, line in parsed.lines.items()
            if number > max(claimed)
        ],
    }


def describe(row: matrix.Row) -> dict[str, ty.Any]:
    """Return what is recorded of one row."""
    described: dict[str, ty.Any] = {
        'title': row.title,
        'value': row.value,
        'line': row.line,
    }
    if row.note is not None:
        described['note'] = row.note
    return described


def collect(directory: pathlib.Path) -> dict[str, ty.Any]:
    """Return the content of the file, series in the order of release."""
    published = published_versions()
    releases = []
    absent = []
    for series, major in sorted(SERIES.items(), key=lambda item: item[1]):
        of_series = [version for version in published if version[0] == major]
        if not of_series:
            absent.append(series)
            continue
        version = '.'.join(str(part) for part in max(of_series))
        print(f'{series}: cinder {version}', file=sys.stderr)
        releases.append(
            read_series(series, source_distribution(version, directory))
        )
    return {
        'format_version': FORMAT_VERSION,
        'generated_by': 'tools/generate_matrix_data.py',
        'source': (
            f'{matrix.UPSTREAM_PATH}, section [{matrix.OPERATION}], of the '
            'newest final '
            'source distribution of cinder of each series on PyPI'
        ),
        'license': 'Apache-2.0 (The Cinder authors)',
        'series_not_published': absent,
        'releases': releases,
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument(
        '--sdist-dir',
        type=pathlib.Path,
        help='keep the source distributions here, and use those that are here',
    )
    parser.add_argument('--output', type=pathlib.Path, default=OUTPUT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        content = collect(options.sdist_dir or pathlib.Path(scratch))
    options.output.write_text(
        json.dumps(content, indent=1, ensure_ascii=False) + '\n',
        encoding='utf-8',
    )


if __name__ == '__main__':
    main()
