"""The unit tests of a SQLMesh project, run on a database in memory; importing this imports SQLMesh."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout

from sqlmesh.core.test.discovery import ModelTestMetadata
from sqlmesh.utils.errors import SQLMeshError

from sqlmesh_assets.context import TolerantContext, declared_names, plain, relation_of
from sqlmesh_assets.description import UnitTest

_TESTED_MODEL = re.compile(r"^\s+model:\s*[\"']?([\w.]+)", re.MULTILINE)


def run_unit_tests(context: TolerantContext) -> tuple[UnitTest, ...]:
    """Run all unit tests; one of a model that is not there, or cannot be read, has failed."""
    return tuple(sorted([*_run(context), *_unreadable(context)], key=lambda test: (test.model, test.name)))


def _run(context: TolerantContext) -> Iterator[UnitTest]:
    tests = list(context.select_tests())
    runnable = [test for test in tests if context.get_model(test.model_name) is not None]
    # All at once takes half the time; but one test that cannot be made stops the others, and then each is run alone.
    all_pass = not runnable or _failure(context, runnable) is None
    refused = {str(relation_of(name)) for file in context.refused for name in declared_names(file)}
    for test in tests:
        model = str(relation_of(test.model_name or "unnamed"))
        if test not in runnable:
            failure: str | None = f"model {model} cannot be read" if model in refused else f"there is no model {model}"
        else:
            failure = None if all_pass else _failure(context, [test])
        yield UnitTest(name=test.test_name, file=str(test.path), model=model, failure=failure)


def _failure(context: TolerantContext, tests: Sequence[ModelTestMetadata]) -> str | None:
    """What is wrong with tests, if anything."""
    output = io.StringIO()
    try:
        with redirect_stdout(output), redirect_stderr(output):
            result = context.test(tests=[test.fully_qualified_test_name for test in tests], stream=output)
    except SQLMeshError as error:
        return plain(error)
    return "\n".join(plain(text) for _, text in (*result.failures, *result.errors)) or None


def _unreadable(context: TolerantContext) -> Iterator[UnitTest]:
    """A failed test for each model that is named in a file of tests that cannot be read."""
    for file, problem in context.refused.items():
        if file.suffix in {".yaml", ".yml"}:
            for model in sorted(set(_TESTED_MODEL.findall(file.read_text(encoding="utf-8", errors="replace")))):
                yield UnitTest(name=file.name, file=str(file), model=str(relation_of(model)), failure=problem)
