# SPDX-License-Identifier: Apache-2.0

"""Tokens that live for seconds: clients ask for another one and go on."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import testtools

from extend_conformance.sandbox import environment
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import lifecycle
from extend_conformance.sandbox import state
from extend_conformance.tests.functional import base

_LIFE_S = 2
_IMAGE_BYTES = base.GIB + base.MIB


class TokenExpirationTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        root = self.directory / 'sandbox'
        self.addCleanup(lifecycle.down, root)
        lifecycle.up(root, ['good'], token_expiration_s=_LIFE_S)
        self.paths = state.Paths(root.resolve())

    def test_image_is_created_while_tokens_expire(self) -> None:
        image = self.directory / 'image'
        with image.open('wb') as file:
            file.truncate(_IMAGE_BYTES)
        store = fault_rules.RuleStore(self.paths)
        # The token is looked at when it has expired on its way.
        number = store.add(
            fault_rules.Rule(
                service='cinder',
                method='POST',
                body_key='os-extend',
                action=fault_rules.Delay(_LIFE_S + 1),
                count=1,
            )
        )

        ended = subprocess.run(
            (
                *base.COMMAND,
                *('image', 'create', str(image), '--size-unknown'),
                *('--volume-type', 'good', '--mode', 'attached'),
                *('-f', 'json'),
            ),
            env={
                **os.environ,
                **environment.variables(self.paths),
                'XDG_STATE_HOME': str(self.directory),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

        self.assertEqual(0, ended.returncode, ended.stderr)
        self.assertEqual(
            _IMAGE_BYTES, json.loads(ended.stdout)['image_size_bytes']
        )
        # Refused once for its token, and sent again with another one.
        self.assertEqual(2, store.seen()[number])
