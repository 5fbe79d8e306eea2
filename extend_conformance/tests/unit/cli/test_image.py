# SPDX-License-Identifier: Apache-2.0

"""The command ``image create``: what it shows."""

import testtools

from extend_conformance import vocabulary
from extend_conformance.cli import image
from extend_conformance.impl import writer
from extend_conformance.results import model


class PhasesTest(testtools.TestCase):
    def test_each_phase_is_text_with_its_seconds(self):
        created = writer.CreatedImage(
            volume_id='v',
            mode=vocabulary.Mode.ATTACHED,
            size_bytes=1,
            volume_size_gib=1,
            checksum='c',
            os_hash_algo='sha512',
            os_hash_value='h',
            elapsed_s=3.0,
            extends=(),
            spans=tuple(
                model.Span(name=name, start_s=start_s, end_s=start_s + 1.0)
                for start_s, name in enumerate(
                    (
                        vocabulary.Phase.CREATE,
                        vocabulary.Phase.WRITE,
                        vocabulary.Phase.CREATE,
                    )
                )
            ),
            written=(),
        )
        # The repr, as YAML knows nothing of enums.
        self.assertEqual(
            "{'create': 2.0, 'write': 1.0}", repr(image._phases(created))
        )
