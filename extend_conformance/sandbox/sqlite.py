# SPDX-License-Identifier: Apache-2.0

"""SQLite as the daemons use it; a plugin of SQLAlchemy."""

import typing as ty

import sqlalchemy
from sqlalchemy import pool


class KeptConnections(sqlalchemy.CreateEnginePlugin):
    """Behind ``plugin=kept_connections`` in the URL of a database.

    oslo.db opens a file anew for every transaction, and SQLite then reads the
    whole schema again before the first statement: with Cinder's tables that
    costs more than what the transaction does. This is what SQLAlchemy itself
    does with files, https://docs.sqlalchemy.org/en/20/dialects/sqlite.html.
    """

    def __init__(self, url: sqlalchemy.URL, kwargs: dict[str, ty.Any]) -> None:
        super().__init__(url, kwargs)
        kwargs['poolclass'] = pool.QueuePool
        # One for everything that runs at the same time; none waits for one.
        kwargs['max_overflow'] = -1

    def update_url(self, url: sqlalchemy.URL) -> sqlalchemy.URL:
        """Leave it: SQLAlchemy itself takes out the name of the plugin."""
        return url
