# SPDX-License-Identifier: Apache-2.0

"""Results as JUnit XML, for machines that know nothing else.

A suite is a backend, or the cloud. Only what counts for the verdict is a
failure; the evidence of everything goes to ``system-out``.
"""

import collections.abc
import re
from xml.etree import ElementTree

from extend_conformance import vocabulary
from extend_conformance.report import judgement
from extend_conformance.results import model
from extend_conformance.results import telling

#: What XML 1.0 cannot hold at all
#: (https://www.w3.org/TR/xml/#charsets), escaped or not.
_FORBIDDEN = re.compile(
    '[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]'
)


def junit(results: model.Results) -> bytes:
    """Judged results as a document of JUnit XML.

    ``fail`` of a must is a failure, and so is a data failure of any level;
    ``fail`` of anything else passes, with its evidence. ``abort`` and
    ``missing`` are errors. ``skip``, ``not-applicable`` and ``known`` are
    skipped, with their cause.
    """
    root = ElementTree.Element('testsuites', name='extend-conformance')
    suites = [
        _suite(
            results.run,
            'cloud',
            {'verdict': results.cloud_verdict},
            [check for check in results.checks if check.backend is None],
        )
    ]
    suites += [
        _suite(
            results.run,
            f'backend.{backend.volume_type}',
            {
                'verdict': backend.verdict,
                'verdict-reason': backend.verdict_reason,
                'outcome': backend.outcome,
                'promised': backend.promise.expected
                if backend.promise
                else None,
                'must-get': backend.must_get,
                'simulated': backend.simulated,
            },
            [
                check
                for check in results.checks
                if check.backend == backend.volume_type
            ],
        )
        for backend in results.backends
    ]
    root.extend(
        suite for suite in suites if suite.find('testcase') is not None
    )
    for name in ('tests', 'failures', 'errors', 'skipped'):
        root.set(name, str(sum(int(suite.get(name, '0')) for suite in root)))
    root.set('time', _time(float(suite.get('time', '0')) for suite in root))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(
        root, encoding='utf-8', xml_declaration=True
    )
    return document


def _suite(
    run: model.Run,
    name: str,
    properties: collections.abc.Mapping[str, str | None],
    checks: collections.abc.Sequence[model.CheckResult],
) -> ElementTree.Element:
    cases = [_case(name, check) for check in checks]
    suite = ElementTree.Element(
        'testsuite',
        name=_clean(f'extend_conformance.{name}'),
        tests=str(len(cases)),
        failures=_count(cases, 'failure'),
        errors=_count(cases, 'error'),
        skipped=_count(cases, 'skipped'),
        time=_time(check.elapsed_s or 0.0 for check in checks),
        timestamp=run.started_at.removesuffix('Z').partition('+')[0],
        hostname=_clean(run.host.get('hostname', 'unknown')),
    )
    listed = ElementTree.SubElement(suite, 'properties')
    facts = {
        'run': run.id,
        'profile': run.profile,
        'cloud': run.cloud,
        'tool-version': run.tool_version,
        **properties,
    }
    for key, value in facts.items():
        if value is not None:
            ElementTree.SubElement(
                listed, 'property', name=key, value=_clean(value)
            )
    suite.extend(cases)
    return suite


def _case(suite: str, check: model.CheckResult) -> ElementTree.Element:
    case = ElementTree.Element(
        'testcase',
        classname=_clean(f'extend_conformance.{suite}'),
        name=_clean(check.check),
        time=_time([check.elapsed_s or 0.0]),
    )
    message = check.reason
    if check.cause is not None:
        message = f'{check.cause}: {check.reason}'
    said = {'type': check.verdict, 'message': _clean(message)}
    if judgement.counted_failure(check):
        failure = ElementTree.SubElement(case, 'failure', said)
        failure.text = _clean(
            '\n'.join(telling.damage(check.damage)) or check.reason
        )
    elif check.verdict in (
        vocabulary.CheckVerdict.ABORT,
        vocabulary.CheckVerdict.MISSING,
    ):
        ElementTree.SubElement(case, 'error', said)
    elif check.verdict in (
        vocabulary.CheckVerdict.SKIP,
        vocabulary.CheckVerdict.NOT_APPLICABLE,
        vocabulary.CheckVerdict.KNOWN,
    ):
        del said['type']
        said['message'] = f'{check.verdict}: {said["message"]}'
        ElementTree.SubElement(case, 'skipped', said)
    out = ElementTree.SubElement(case, 'system-out')
    out.text = _clean(telling.tell(check))
    return case


def _count(
    cases: collections.abc.Iterable[ElementTree.Element], kind: str
) -> str:
    return str(sum(case.find(kind) is not None for case in cases))


def _time(seconds: collections.abc.Iterable[float]) -> str:
    return f'{sum(seconds):.3f}'


def _clean(words: str) -> str:
    return _FORBIDDEN.sub('\N{REPLACEMENT CHARACTER}', words)
