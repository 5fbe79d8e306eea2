# SPDX-License-Identifier: Apache-2.0

"""How the help of every command looks; arguments are in ``runs``."""

import argparse


def with_example(
    parser: argparse.ArgumentParser, example: str
) -> argparse.ArgumentParser:
    """Let ``--help`` end with an example."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f'example:\n  {example}'
    return parser
