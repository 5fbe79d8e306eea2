# SPDX-License-Identifier: Apache-2.0

"""What tempest gets from the plugin; it swallows what goes wrong."""

import os

import testtools
from oslo_config import cfg

from extend_conformance import config
from extend_conformance import plugin


class PluginTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.plugin = plugin.ExtendConformancePlugin()

    def test_options_register_on_a_fresh_configuration(self):
        conf = cfg.ConfigOpts()
        self.plugin.register_opts(conf)
        conf([])
        self.assertEqual('standard', conf.extend_conformance.profile)

    def test_the_options_of_gates_are_there(self):
        names = {option.name for option in config.OPTIONS}
        self.assertLessEqual(
            {
                'volume_types',
                'expect_online_extend',
                'matrix_keys',
                'claims_file',
                'host_attach',
                'results_dir',
                'profile',
                'release',
                'run_benchmark',
            },
            names,
        )

    def test_the_sample_shows_the_same_options(self):
        self.assertEqual(
            [('extend_conformance', config.OPTIONS)],
            self.plugin.get_opt_lists(),
        )

    def test_only_the_tests_of_tempest_are_loaded(self):
        tests, top = self.plugin.load_tests()
        self.assertEqual(
            'extend_conformance/tests/tempest', os.path.relpath(tests, top)
        )
        self.assertTrue(os.path.isdir(tests))
