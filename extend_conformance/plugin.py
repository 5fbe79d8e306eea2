# SPDX-License-Identifier: Apache-2.0

"""The entry point through which tempest finds this plugin."""

import os
import typing as ty

from oslo_config import cfg
from tempest import config as tempest_config
from tempest.test_discover import plugins

from extend_conformance import config


class ExtendConformancePlugin(plugins.TempestPlugin):
    """Adds the tests below ``tests/tempest`` and one group of options."""

    def load_tests(self) -> tuple[str, str]:
        """The directory of the tests alone, and where to import from.

        The project's own unit tests lie beside it and are not for users.
        """
        package = os.path.dirname(os.path.abspath(__file__))
        return os.path.join(package, 'tests', 'tempest'), os.path.dirname(
            package
        )

    def register_opts(self, conf: cfg.ConfigOpts) -> None:
        """Register the options; tempest swallows what this raises."""
        tempest_config.register_opt_group(conf, config.GROUP, config.OPTIONS)

    def get_opt_lists(self) -> list[tuple[str, list[ty.Any]]]:
        """The options for ``tempest.conf.sample``."""
        return [(config.GROUP.name, config.OPTIONS)]
