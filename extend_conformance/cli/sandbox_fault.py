# SPDX-License-Identifier: Apache-2.0

"""The commands ``sandbox fault add``, ``clear`` and ``list``.

They read arguments and draw; what rules are is said in ``sandbox``.
"""

import argparse
import typing as ty

from cliff import command
from cliff import lister

from extend_conformance import exceptions
from extend_conformance.cli import examples
from extend_conformance.cli import sandbox_start
from extend_conformance.sandbox import fault_rules
from extend_conformance.sandbox import state


def _store(parsed_args: argparse.Namespace) -> fault_rules.RuleStore:
    return fault_rules.RuleStore(state.Paths(parsed_args.state_dir.resolve()))


class Add(command.Command):
    """Add a rule to the fault plane of the embedded cloud.

    The rule is in force at once, without a restart, until it is cleared.
    Prints its number.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        _add_requests(parser.add_argument_group('which requests'))
        _add_actions(parser.add_argument_group('what becomes of them'))
        return examples.with_example(
            parser,
            'extend-conformance sandbox fault add --service cinder '
            "--method POST --path '/action$' --body os-extend --nth 2 "
            '--count 1 --status 503\n'
            '  extend-conformance sandbox fault add --service cinder '
            "--method DELETE --path '/attachments/' --drop --after-effect",
        )

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Add it."""
        key, _, value = (parsed_args.body or '').partition('=')
        rule = fault_rules.Rule(
            service=parsed_args.service,
            method=parsed_args.method,
            path=parsed_args.path,
            body_key=key or None,
            body_value=value or None,
            microversion=parsed_args.microversion,
            nth=parsed_args.nth,
            count=parsed_args.count,
            action=_action(parsed_args),
        )
        number = _store(parsed_args).add(rule)
        self.app.stdout.write(f'{number}\n')


def _add_requests(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--service',
        metavar='NAME',
        required=True,
        help=f'one of {", ".join(state.SERVICES)}',
    )
    group.add_argument(
        '--method',
        metavar='NAME',
        help=f'one of {", ".join(fault_rules.METHODS)} (default: any)',
    )
    group.add_argument(
        '--path',
        metavar='REGEX',
        default='',
        help='searched for in path and query (default: any)',
    )
    group.add_argument(
        '--body',
        metavar='KEY[=JSON]',
        help='field that the JSON body has, its objects before it, such as '
        'os-extend.new_size; with a value, equal to it (default: any)',
    )
    group.add_argument(
        '--microversion',
        metavar='X.Y',
        help='as the request names it, or '
        f'{fault_rules.NO_MICROVERSION} for requests that name none '
        '(default: any)',
    )
    group.add_argument(
        '--nth',
        metavar='N',
        type=int,
        default=1,
        help='first of the matching requests on which to act, counted from '
        'now (default: %(default)s)',
    )
    group.add_argument(
        '--count',
        metavar='N',
        type=int,
        help='on how many to act (default: all that follow)',
    )


def _add_actions(group: argparse._ArgumentGroup) -> None:
    actions = group.add_mutually_exclusive_group(required=True)
    actions.add_argument(
        '--status',
        metavar='CODE',
        type=int,
        help='answer this: an error as the service would, a success that '
        'has no effect',
    )
    actions.add_argument(
        '--delay', metavar='S', type=float, help='take S seconds longer'
    )
    actions.add_argument(
        '--drop',
        action='store_true',
        help='close the connection without an answer',
    )
    actions.add_argument(
        '--garbage', action='store_true', help='answer what is not JSON'
    )
    actions.add_argument(
        '--truncate',
        action='store_true',
        help='carry it out, answer half of the body',
    )
    actions.add_argument(
        '--set',
        metavar='KEY=JSON',
        help='change a field of the JSON body, such as volume.size=1, then '
        'carry it out',
    )
    group.add_argument(
        '--answer',
        metavar='JSON',
        help='body of the answer of --status (default: an error as the '
        'service writes it; for 200 and 201 the body of the request)',
    )
    group.add_argument(
        '--after-effect',
        action='store_true',
        help='let the request be carried out first',
    )


def _action(parsed_args: argparse.Namespace) -> fault_rules.Action:
    after = parsed_args.after_effect
    if parsed_args.answer is not None and parsed_args.status is None:
        raise exceptions.UsageError('--answer is for --status only')
    if after and (parsed_args.truncate or parsed_args.set is not None):
        raise exceptions.UsageError(
            '--after-effect is not for --truncate and --set, which always '
            'have the request carried out'
        )
    if parsed_args.status is not None:
        return fault_rules.Answer(
            parsed_args.status, parsed_args.answer, after
        )
    if parsed_args.delay is not None:
        return fault_rules.Delay(parsed_args.delay, after)
    if parsed_args.drop:
        return fault_rules.Drop(after)
    if parsed_args.garbage:
        return fault_rules.Garbage(after)
    if parsed_args.truncate:
        return fault_rules.Truncate()
    key, equals, value = parsed_args.set.partition('=')
    if not equals:
        raise exceptions.UsageError(
            f'--set {parsed_args.set} has no value',
            wanted='for example volume.size=1',
        )
    return fault_rules.Change(key, value)


class Clear(command.Command):
    """Take rules of the fault plane back: those named, or all."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        parser.add_argument(
            'number',
            metavar='N',
            type=int,
            nargs='*',
            help='number of a rule (default: all rules)',
        )
        return examples.with_example(
            parser, 'extend-conformance sandbox fault clear 2'
        )

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Take them back, and say how many they were."""
        gone = _store(parsed_args).clear(parsed_args.number)
        self.app.stdout.write(f'Cleared {len(gone)} rules.\n')


class List(lister.Lister):
    """List the rules of the fault plane, and how often they acted."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        sandbox_start.add_state_dir(parser)
        return examples.with_example(
            parser, 'extend-conformance sandbox fault list -f json'
        )

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[ty.Any, ...]]]:
        """Return the table."""
        store = _store(parsed_args)
        rules = store.rules()
        seen = store.seen()
        return (
            (
                'Number',
                'Service',
                'Method',
                'Path',
                'Body',
                'Microversion',
                'Nth',
                'Count',
                'Action',
                'Matched',
                'Acted',
            ),
            [_row(each, seen.get(each.number, 0)) for each in rules],
        )


def _row(numbered: fault_rules.Numbered, seen: int) -> tuple[ty.Any, ...]:
    rule = numbered.rule
    body = rule.body_key
    if rule.body_value is not None:
        body = f'{body}={rule.body_value}'
    return (
        numbered.number,
        rule.service,
        rule.method,
        rule.path,
        body,
        rule.microversion,
        rule.nth,
        rule.count,
        str(rule.action),
        seen,
        rule.acted(seen),
    )
