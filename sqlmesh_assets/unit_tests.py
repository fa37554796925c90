"""The unit tests of a SQLMesh project, run on a database in memory; importing this imports SQLMesh."""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

from sqlmesh.core.test.discovery import ModelTestMetadata
from sqlmesh.utils.errors import SQLMeshError

from sqlmesh_assets.context import TolerantContext, plain, relation_of
from sqlmesh_assets.description import UnitTest

_TESTED_MODEL = re.compile(r"^\s+model:\s*[\"']?([\w.]+)", re.MULTILINE)


def run_unit_tests(context: TolerantContext) -> tuple[UnitTest, ...]:
    """Run all unit tests; one of a model that is not there, or cannot be read, has failed."""
    return tuple(sorted([*_run(context), *_unreadable(context)], key=lambda test: (test.model, test.name)))


def _run(context: TolerantContext) -> Iterator[UnitTest]:
    for found in context.select_tests():
        model = str(relation_of(found.model_name or "unnamed"))
        failure = (
            f"there is no model {model}" if context.get_model(found.model_name) is None else _failure(context, found)
        )
        yield UnitTest(name=found.test_name, file=str(found.path), model=model, failure=failure)


def _failure(context: TolerantContext, test: ModelTestMetadata) -> str | None:
    """What is wrong, if anything; each test is run alone, since one that cannot be made would stop the others."""
    output = io.StringIO()
    try:
        with redirect_stdout(output), redirect_stderr(output):
            result = context.test(tests=[test.fully_qualified_test_name], stream=output)
    except SQLMeshError as error:
        return plain(error)
    return "\n".join(plain(text) for _, text in (*result.failures, *result.errors)) or None


def _unreadable(context: TolerantContext) -> Iterator[UnitTest]:
    """A failed test for each model that is named in a file of tests that cannot be read."""
    for file, problem in context.refused.items():
        if file.suffix in {".yaml", ".yml"}:
            for model in sorted(set(_TESTED_MODEL.findall(file.read_text(encoding="utf-8", errors="replace")))):
                yield UnitTest(name=file.name, file=str(file), model=str(relation_of(model)), failure=problem)
