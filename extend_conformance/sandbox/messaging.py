# SPDX-License-Identifier: Apache-2.0

"""An in-memory message bus that passes text only, as a real broker does.

The driver that oslo.messaging brings hands live objects from one service to
another, so that a receiver sees what its sender changes later. Queues and
exchanges are still its own; what is left out is everything between machines.
"""

import queue
import threading
import time
import typing as ty

import oslo_messaging
from oslo_messaging._drivers import base
from oslo_messaging._drivers import common
from oslo_messaging._drivers import impl_fake
from oslo_serialization import jsonutils


class Exchange(impl_fake.FakeExchange):
    """An exchange that wakes its listeners instead of being polled."""

    #: One for all exchanges, because a listener may serve several.
    delivered = threading.Condition()

    def deliver_message(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        """Put one message in every queue that is meant."""
        with self.delivered:
            super().deliver_message(*args, **kwargs)
            self.delivered.notify_all()


class ExchangeManager(impl_fake.FakeExchangeManager):
    """Finds exchanges by name; they live as long as the process."""

    _exchanges: ty.ClassVar[dict[str, Exchange]] = {}

    def get_exchange(self, name: str | None) -> Exchange:
        """Return the exchange of that name, made when it is new."""
        if name is None:
            name = self._default_exchange
        with self._exchanges_lock:
            return self._exchanges.setdefault(name, Exchange(name))


class IncomingMessage(base.RpcIncomingMessage):
    """A message as its receiver sees it; the reply leaves as text."""

    def __init__(
        self,
        context: str,
        message: str,
        replies: 'queue.Queue[str] | None',
        requeue: ty.Callable[[], None],
    ) -> None:
        super().__init__(jsonutils.loads(context), jsonutils.loads(message))
        self._replies = replies
        self._requeue = requeue

    def reply(self, reply: ty.Any = None, failure: ty.Any = None) -> None:
        """Answer a call with a result, or with ``sys.exc_info()``."""
        if self._replies is None:
            return
        if failure:
            failure = common.serialize_remote_exception(failure)
        self._replies.put(
            jsonutils.dumps({'result': reply, 'failure': failure or None})
        )

    def requeue(self) -> None:
        """Give the message back to its queues."""
        self._requeue()

    def heartbeat(self) -> None:
        """Do nothing: a caller in the same process needs no sign of life."""


class Listener(base.PollStyleListener):
    """Hands out messages for its targets, one after the other."""

    def __init__(
        self,
        exchanges: ExchangeManager,
        targets: list[oslo_messaging.Target],
        pool: str | None = None,
    ) -> None:
        super().__init__()
        self._sources = [
            (exchanges.get_exchange(target.exchange), target)
            for target in targets
        ]
        self._pool = pool
        self._stopped = False
        for exchange, target in self._sources:
            exchange.ensure_queue(target, pool)

    @base.batch_poll_helper
    def poll(self, timeout: float | None = None) -> IncomingMessage | None:
        """Wait for the next message.

        :param timeout: seconds; None waits until :meth:`stop`.
        :returns: None when the time is over or the listener was stopped.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with Exchange.delivered:
            while not self._stopped:
                for exchange, target in self._sources:
                    found = exchange.poll(target, self._pool)
                    if found[1] is not None:
                        return IncomingMessage(*found)
                left = None
                if deadline is not None:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        break
                Exchange.delivered.wait(left)
        return None

    def stop(self) -> None:
        """End every wait at once."""
        with Exchange.delivered:
            self._stopped = True
            Exchange.delivered.notify_all()


class SerialisingDriver(impl_fake.FakeDriver):
    """The driver behind ``transport_url = serialised://``.

    Messages, contexts, replies and failures cross as JSON, through the same
    functions that the AMQP drivers of oslo.messaging use, so that an object
    that does not survive a broker does not survive here either.
    """

    def __init__(
        self,
        conf: ty.Any,
        url: ty.Any,
        default_exchange: str | None = None,
        allowed_remote_exmods: list[str] | None = None,
    ) -> None:
        super().__init__(conf, url, default_exchange, allowed_remote_exmods)
        self._exchange_manager = ExchangeManager(default_exchange)

    def _send(
        self,
        target: oslo_messaging.Target,
        ctxt: ty.Any,
        message: ty.Any,
        wait_for_reply: bool | None = None,
        timeout: float | None = None,
        transport_options: ty.Any = None,
    ) -> ty.Any:
        replies: queue.Queue[str] | None = None
        if wait_for_reply:
            replies = queue.Queue()
        self._exchange_manager.get_exchange(target.exchange).deliver_message(
            target.topic,
            jsonutils.dumps(ctxt),
            jsonutils.dumps(message),
            server=target.server,
            fanout=target.fanout,
            reply_q=replies,
        )
        if replies is None:
            return None
        try:
            answer = jsonutils.loads(replies.get(timeout=timeout))
        except queue.Empty:
            raise oslo_messaging.MessagingTimeout(
                f'No reply on topic {target.topic}'
            ) from None
        if answer['failure'] is not None:
            raise common.deserialize_remote_exception(
                answer['failure'], self._allowed_remote_exmods
            )
        return answer['result']

    def listen(
        self,
        target: oslo_messaging.Target,
        batch_size: int,
        batch_timeout: float | None,
    ) -> base.PollStyleListenerAdapter:
        """Listen to what is sent to one server, and to its topic."""
        exchange = target.exchange or self._default_exchange
        targets = [
            oslo_messaging.Target(
                topic=target.topic, server=target.server, exchange=exchange
            ),
            oslo_messaging.Target(topic=target.topic, exchange=exchange),
        ]
        return base.PollStyleListenerAdapter(
            Listener(self._exchange_manager, targets),
            batch_size,
            batch_timeout,
        )

    def listen_for_notifications(
        self,
        targets_and_priorities: ty.Iterable[tuple[oslo_messaging.Target, str]],
        pool: str | None,
        batch_size: int,
        batch_timeout: float | None,
    ) -> base.PollStyleListenerAdapter:
        """Listen to notifications of the given targets and priorities."""
        targets = [
            oslo_messaging.Target(
                topic=f'{target.topic}.{priority}', exchange=target.exchange
            )
            for target, priority in targets_and_priorities
        ]
        return base.PollStyleListenerAdapter(
            Listener(self._exchange_manager, targets, pool),
            batch_size,
            batch_timeout,
        )
