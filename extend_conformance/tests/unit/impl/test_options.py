# SPDX-License-Identifier: Apache-2.0

"""The names and defaults of Glance's cinder store."""

import testtools
from oslo_config import cfg

from extend_conformance.impl import options as writer_options


class WriterOptionsTest(testtools.TestCase):
    def test_values_of_a_configuration_are_read(self) -> None:
        conf = cfg.ConfigOpts()
        conf.register_opts(writer_options.OPTS, group=writer_options.GROUP)
        conf([])
        conf.set_override(
            'cinder_do_extend_attached', True, writer_options.GROUP
        )
        conf.set_override('cinder_volume_type', 'good', writer_options.GROUP)

        read = writer_options.WriterOptions.from_conf(conf)

        self.assertEqual(
            writer_options.WriterOptions(
                cinder_do_extend_attached=True, cinder_volume_type='good'
            ),
            read,
        )

    def test_defaults_of_both_are_the_same(self) -> None:
        conf = cfg.ConfigOpts()
        conf([])

        self.assertEqual(
            writer_options.WriterOptions(),
            writer_options.WriterOptions.from_conf(conf),
        )
