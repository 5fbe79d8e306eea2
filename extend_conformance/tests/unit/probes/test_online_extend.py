# SPDX-License-Identifier: Apache-2.0

"""Where extends hang, only one of them is waited for until the very end."""

import dataclasses

import testtools

from extend_conformance.cloud import connection as connections
from extend_conformance.cloud import waiting
from extend_conformance.probes import context as contexts
from extend_conformance.probes import online_extend
from extend_conformance.tests.unit import checking


class Extending:
    """Says that a volume stays in extending, for so long."""

    def __init__(self, ends_after_s, error=waiting.WaitTimeout):
        self.left_s = ends_after_s
        self.error = error
        self.waited = []

    def wait_for_extend(self, volume_id, old_gib, new_gib, timeout_s):
        self.waited.append(timeout_s)
        self.left_s -= timeout_s
        if self.left_s > 0:
            raise self.error('Waited too long', elapsed_s=timeout_s)
        return 'the end'


class UnlessFirstHungTest(testtools.TestCase):
    def wait(self, storage, outcome, timeout_s=300):
        checked = dataclasses.replace(
            checking.make_context(outcome=outcome),
            storage=storage,
            settings=contexts.Settings(extend_timeout_s=timeout_s),
        )
        return online_extend.unless_first_hung(checked, 'volume', 1, 2)

    def test_where_extends_hang_it_is_soon_over(self):
        storage = Extending(1000)
        self.assertRaises(waiting.WaitTimeout, self.wait, storage, 'hang')
        self.assertEqual([5], storage.waited)

    def test_a_slow_one_is_waited_for_where_extends_end(self):
        storage = Extending(100)
        self.assertEqual('the end', self.wait(storage, 'supported'))
        self.assertEqual([5, 300], storage.waited)

    def test_an_api_that_is_away_may_come_back(self):
        storage = Extending(100, connections.CloudUnreachable)
        self.assertEqual('the end', self.wait(storage, 'hang'))
        self.assertEqual([5, 300], storage.waited)

    def test_a_quick_one_does_not_ask_how_the_first_came_out(self):
        checked = dataclasses.replace(
            checking.make_context(), storage=Extending(1), measure=self.fail
        )
        self.assertEqual(
            'the end',
            online_extend.unless_first_hung(checked, 'volume', 1, 2),
        )

    def test_nobody_waits_longer_than_was_asked_for(self):
        storage = Extending(1000)
        self.assertRaises(waiting.WaitTimeout, self.wait, storage, 'hang', 2)
        self.assertEqual([2], storage.waited)
