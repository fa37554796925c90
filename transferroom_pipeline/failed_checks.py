"""Ending a step whose blocking check has failed."""

import dagster as dg

SAID_BY_CHECK = "said_by_check"
"""Metadata of such a failure: it says nothing that the check has not said."""


def checks_failed(said: str) -> dg.Failure:
    """What to raise once the results are yielded; Dagster's own error names the check and not what it found.

    Args:
        said: What the checks say.
    """
    return dg.Failure(said, metadata={SAID_BY_CHECK: True}, allow_retries=False)
