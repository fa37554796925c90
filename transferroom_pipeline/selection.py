"""Assets that a person names on the command line."""

import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

import dagster as dg

from transferroom_pipeline.exceptions import TransferRoomError

_TERM = re.compile(r'\b(key|group):\s*(?:"([^"]*)"|([\w*./-]+))')
_SUGGESTIONS = 3


class SelectionError(TransferRoomError):
    """A selection names nothing that is there."""


def selected_keys(definitions: dg.Definitions, selection: str) -> Sequence[dg.AssetKey]:
    """The assets of a selection.

    Args:
        definitions: The code location.
        selection: In Dagster's selection syntax, such as `*`, `group:models` or `key:comparison/derived_a`.

    Raises:
        SelectionError: The selection cannot be read, selects nothing, or names a key or a group that is not there.
    """
    graph = definitions.resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    groups = (graph.get(key).group_name for key in keys)
    names = {"key": {key.to_user_string() for key in keys}, "group": {group for group in groups if group}}
    for kind, name in _named(selection):
        if "*" not in name and name not in names[kind]:
            raise SelectionError(f"selection '{selection}': there is no {kind} {name}{_meant(name, names[kind])}")
    try:
        with warnings.catch_warnings():
            # Dagster warns of a parameter in beta that it sets itself when it reads a selection.
            warnings.simplefilter("ignore", dg.BetaWarning)
            selected = dg.AssetSelection.from_string(selection).resolve(graph)
    except dg.DagsterError as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        raise SelectionError(
            f"selection '{selection}' cannot be used: {reason}{_meant(selection, names['key'])}"
        ) from error
    if not selected:
        raise SelectionError(f"selection '{selection}' selects no asset: see the asset names in `make dev`")
    return sorted(selected)


def _named(selection: str) -> Iterator[tuple[str, str]]:
    """The keys and groups that a selection names: a misspelt one must not go unnoticed beside others."""
    for kind, quoted, plain in _TERM.findall(selection):
        yield kind, quoted or plain


def _meant(name: str, known: Collection[str]) -> str:
    """What may have been meant, as the end of a sentence."""
    last = name.rpartition("/")[2]
    same = sorted(each for each in known if each.rpartition("/")[2] == last)
    close = get_close_matches(name, known, _SUGGESTIONS)
    meant = list(dict.fromkeys([*close, *same] if "/" in name else [*same, *close]))[:_SUGGESTIONS]
    return f": did you mean {' or '.join(meant)}?" if meant else ""
