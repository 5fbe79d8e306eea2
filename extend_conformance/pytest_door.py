# SPDX-License-Identifier: Apache-2.0

"""Runs the catalogue as items of pytest, one for each check and backend.

The measurement is the set-up of an item and its verdict the call, so that
what could not be tested is an error and not a failure, as in tempest.
"""

import collections.abc
import contextlib
import pathlib
import sys
import typing as ty
import warnings

import pytest
import rich.console

from extend_conformance import checks
from extend_conformance import exceptions
from extend_conformance import interrupts
from extend_conformance import vocabulary
from extend_conformance.checks import registry
from extend_conformance.cloud import ledger as ledgers
from extend_conformance.report import build
from extend_conformance.report import judgement
from extend_conformance.report import summary
from extend_conformance.results import model
from extend_conformance.results import telling
from extend_conformance.runs import arguments
from extend_conformance.runs import names
from extend_conformance.runs import pages
from extend_conformance.runs import run

_CATALOGUE = pathlib.Path(checks.__file__).parent

#: Begins the ids of all items; pytest would take the path for it.
_NODE_ID = checks.__name__

#: What a controller of pytest-xdist tells its workers.
_RUN_ID = 'extend_conformance_run_id'


class Door:
    """The plugin, registered only where the catalogue was named."""

    def __init__(self) -> None:
        self._prepared: run.Prepared | None = None
        self._begun: run.Begun | None = None
        self._report: build.Report | None = None
        self._until_end = contextlib.ExitStack()

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        """Take the options of ``certify``."""
        try:
            arguments.add_checking(_Options(parser))
        except ValueError as error:
            raise pytest.UsageError(
                f'Another plugin of pytest has an option of ours: {error}. '
                'Switch it off with -p no:NAME.'
            ) from error

    def pytest_configure(self, config: pytest.Config) -> None:
        """Name the run, and describe the marks."""
        received = getattr(config, 'workerinput', None)
        self._is_worker = received is not None
        self._run_id = received[_RUN_ID] if received else ledgers.new_run_id()
        self._output = run.output_directory(
            config.option.output, self._run_id
        ).resolve()
        for mark, meaning in (
            ('slow', 'a check that may take minutes'),
            ('negative', 'a check of what has to be refused'),
        ):
            config.addinivalue_line('markers', f'{mark}: {meaning}')

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: ty.Any) -> None:
        """Let a worker of pytest-xdist take part in this run."""
        node.workerinput[_RUN_ID] = self._run_id

    def pytest_report_header(self) -> str:
        """Name the run first."""
        return f'Run {self._run_id}, results in {self._output}'

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Connect, and find out what there is to check."""
        if session.config.option.own_project and _is_spread(session.config):
            raise pytest.UsageError(
                'Workers of pytest-xdist create in one project, so that '
                'none of them has it on its own: leave out --own-project '
                'or -n.'
            )
        try:
            with warnings.catch_warnings():
                # Of the SDK, about what nobody here uses.
                warnings.simplefilter('ignore')
                self._prepared = run.prepare_from(session.config.option)
            if not self._is_worker and not session.config.option.collectonly:
                self._prepared.must_have_room()
        except exceptions.ExtendConformanceError as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_collect_directory(
        self, path: pathlib.Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect the catalogue instead of the files that it is made of."""
        if path != _CATALOGUE:
            return None
        catalogue: Catalogue = Catalogue.from_parent(
            parent, path=path, nodeid=_NODE_ID
        )
        catalogue.door = self
        return catalogue

    @property
    def prepared(self) -> run.Prepared:
        """What was found out before anything was made."""
        assert self._prepared is not None
        return self._prepared

    @property
    def begun(self) -> run.Begun:
        """The run, once its items are known."""
        assert self._begun is not None
        return self._begun

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin the run with what was selected."""
        items = [item for item in session.items if isinstance(item, Item)]
        if session.config.option.collectonly or not items:
            return
        try:
            self.prepared.must_attach()
        except exceptions.ExtendConformanceError as error:
            raise pytest.UsageError(str(error)) from error
        configuration = self.prepared.configuration
        ledger = ledgers.Ledger.start(self._run_id)
        announced = run.announce(
            configuration,
            self._output,
            run_id=self._run_id,
            door=vocabulary.Door.PYTEST,
            cloud=self.prepared.given.member.name,
            planned=configuration.plan.for_selected(
                configuration.volume_types, {item.subject for item in items}
            ),
        )
        self._begun = self.prepared.begin(announced, ledger)
        self._until_end.enter_context(interrupts.like_ctrl_c())

    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Say what an interrupt has left; a worker has no other voice."""
        for sentence in interrupts.told(excinfo.value):
            print(sentence, file=sys.stderr)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """End the run; the process that began it builds the report."""
        with _ending_pytest(), self._until_end:
            if self._begun is not None:
                self._begun.end()
            if self._is_worker or not (self._output / 'results').exists():
                return
            ledgers.Ledger(self._run_id).close()
            self._report = build.build([self._output], self._output)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Say what follows for the backends."""
        if self._report is None:
            return
        terminalreporter.section('extend-conformance')
        width = terminalreporter._tw.fullwidth
        console = rich.console.Console(color_system=None, width=width)
        with console.capture() as captured:
            summary.show(self._report.results, console)
        terminalreporter.write_line(captured.get())
        terminalreporter.write_line(f'Report: {self._report.html}')


@contextlib.contextmanager
def _ending_pytest() -> collections.abc.Iterator[None]:
    """End all of pytest, with a sentence, on what is wrong with the run."""
    try:
        yield
    except exceptions.ExtendConformanceError as error:
        pytest.exit(str(error), returncode=error.exit_code)


def _is_spread(config: pytest.Config) -> bool:
    """Whether pytest-xdist shares the items among several workers."""
    return bool(getattr(config.option, 'tx', None))


class _Options:
    """Lets pytest take arguments as argparse does."""

    def __init__(
        self, parser: pytest.Parser, group: pytest.OptionGroup | None = None
    ) -> None:
        self._parser = parser
        self._group = group or parser.getgroup('extend-conformance')

    def add_argument(self, *option_names: str, **attributes: ty.Any) -> None:
        """Take an argument."""
        self._group.addoption(*option_names, **attributes)

    def add_argument_group(self, title: str) -> '_Options':
        """Begin a group."""
        group = self._parser.getgroup(f'extend-conformance, {title}')
        return _Options(self._parser, group)


class Catalogue(pytest.Directory):
    """All checks, in the order in which they run."""

    door: Door

    def collect(self) -> collections.abc.Iterator[pytest.Collector]:
        """A group for the cloud, and one for each backend."""
        configuration = self.door.prepared.configuration
        cloud = configuration.plan.of_scope(vocabulary.Scope.CLOUD)
        of_backend = configuration.plan.of_scope(vocabulary.Scope.BACKEND)
        if cloud:
            yield self._group(
                names.CONTROL_PLANE, configuration.volume_types[0], cloud
            )
        for name, volume_type in names.class_names(
            configuration.volume_types
        ).items():
            yield self._group(name, volume_type, of_backend)

    def _group(
        self,
        name: str,
        volume_type: str,
        planned: collections.abc.Sequence[registry.Check],
    ) -> 'Group':
        group: Group = Group.from_parent(self, name=name)
        group.door = self.door
        group.volume_type = volume_type
        group.planned = tuple(planned)
        return group


class Group(pytest.Collector):
    """The checks of one backend, or of the cloud."""

    door: Door
    volume_type: str
    planned: tuple[registry.Check, ...]

    def collect(self) -> collections.abc.Iterator['Item']:
        """An item for each check."""
        for check in self.planned:
            yield Item.from_parent(
                self,
                name=_item_name(check),
                check=check,
                volume_type=self.volume_type,
                door=self.door,
            )


def _item_name(check: registry.Check) -> str:
    """The name that tempest gives to the test of a check."""
    within = ','.join((f'id-{check.uuid}', *names.attributes(check)))
    return f'{names.method_name(check)}[{within}]'


class Item(pytest.Item):
    """One check on one backend."""

    def __init__(
        self,
        *,
        check: registry.Check,
        volume_type: str,
        door: Door,
        **arguments: ty.Any,
    ) -> None:
        super().__init__(**arguments)
        self._check = check
        self._volume_type = volume_type
        self._door = door
        self._result: model.CheckResult | None = None
        self.extra_keyword_matches.update((check.id, check.uuid, volume_type))
        for mark in names.attributes(check):
            self.add_marker(mark)

    @property
    def subject(self) -> str | None:
        """The volume type that is judged; ``None`` for the cloud."""
        if self._check.scope is vocabulary.Scope.CLOUD:
            return None
        return self._volume_type

    def setup(self) -> None:
        """Run the check; what could not be tested is an error."""
        with _ending_pytest():
            result = self._door.begun.session.run_check(
                self._check, self._volume_type
            )
        self._result = result
        self.user_properties += [
            ('check', result.check),
            # pytest-xdist takes plain text only.
            ('verdict', str(result.verdict)),
        ]
        match result.verdict:
            case vocabulary.CheckVerdict.ABORT:
                pytest.fail(self._told(), pytrace=False)
            case (
                vocabulary.CheckVerdict.SKIP
                | vocabulary.CheckVerdict.NOT_APPLICABLE
            ):
                pytest.skip(f'{result.cause}: {result.reason}')
            case _ if not judgement.counted_failure(result):
                # A failure shows it itself.
                self.add_report_section('setup', 'evidence', self._told())

    def runtest(self) -> None:
        """Turn the verdict into pytest's words."""
        assert self._result is not None
        if self._result.verdict == vocabulary.CheckVerdict.KNOWN:
            pytest.xfail(self._result.reason)
        if judgement.counted_failure(self._result):
            pytest.fail(self._told(), pytrace=False)

    def _told(self) -> str:
        assert self._result is not None
        measurement = None
        if self._result.verdict in (
            vocabulary.CheckVerdict.FAIL,
            vocabulary.CheckVerdict.ABORT,
            vocabulary.CheckVerdict.KNOWN,
        ):
            measured = self._door.begun.session.written(self._volume_type)
            measurement = measured.measurement if measured else None
        return telling.tell(
            self._result, str(pages.path(self._check.id)), measurement
        )

    def reportinfo(self) -> tuple[pathlib.Path, None, str]:
        """What the head of a failure says."""
        subject = self.subject or 'the cloud'
        return self.path, None, f'{self._check.id} of {subject}'
