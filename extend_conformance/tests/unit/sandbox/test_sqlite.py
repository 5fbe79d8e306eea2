# SPDX-License-Identifier: Apache-2.0

"""Databases of the daemons keep their connections."""

import os

import fixtures
import sqlalchemy
import testtools
from oslo_db.sqlalchemy import enginefacade


class KeptConnectionsTest(testtools.TestCase):
    def engine(self, url, **options):
        facade = enginefacade.transaction_context()
        facade.configure(connection=url, sqlite_synchronous=False, **options)
        engine = facade.writer.get_engine()
        self.addCleanup(engine.dispose)
        return engine

    def connections(self, url):
        """Two transactions, and the connections that they had."""
        engine = self.engine(url)
        used = []
        for _ in range(2):
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text('SELECT 1'))
                used.append(connection.connection.dbapi_connection)
        return used

    def test_transactions_share_a_connection(self):
        home = self.useFixture(fixtures.TempDir()).path
        path = os.path.join(home, 'some.db')
        first, second = self.connections(
            f'sqlite:///{path}?timeout=60&plugin=kept_connections'
        )
        self.assertIs(first, second)
        self.assertTrue(os.path.exists(path))

    def test_none_waits_for_one(self):
        home = self.useFixture(fixtures.TempDir()).path
        engine = self.engine(
            f'sqlite:///{home}/some.db?plugin=kept_connections',
            pool_timeout=0,
        )
        # More than SQLAlchemy and oslo.db keep by default.
        held = [engine.connect() for _ in range(100)]
        self.assertEqual(100, engine.pool.checkedout())
        for connection in held:
            connection.close()

    def test_without_the_plugin_each_has_its_own(self):
        # As soon as oslo.db keeps them, the plugin can go.
        home = self.useFixture(fixtures.TempDir()).path
        first, second = self.connections(
            f'sqlite:///{home}/some.db?timeout=60'
        )
        self.assertIsNot(first, second)
