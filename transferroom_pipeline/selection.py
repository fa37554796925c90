"""Assets that a person names on the command line."""

import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

import dagster as dg

from transferroom_pipeline.exceptions import TransferRoomError

_TERM = re.compile(r'\b(\w+):\s*(?:"([^"]*)"|([\w*./-]+))')
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
    assets = [graph.get(key) for key in keys]
    names = {
        "key": {key.to_user_string() for key in keys},
        "group": {asset.group_name for asset in assets if asset.group_name},
        "kind": {kind for asset in assets for kind in asset.kinds},
    }
    for attribute, name in _named(selection):
        known = names.get(attribute)
        if known is not None and not any(fnmatchcase(each, name) for each in known):
            raise SelectionError(f"selection '{selection}': there is no {attribute} {name}{_meant(name, known)}")
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
    """What a selection names, and by which attribute: a misspelt name must not go unnoticed beside others."""
    for attribute, quoted, plain in _TERM.findall(selection):
        yield attribute, quoted or plain


def _meant(name: str, known: Collection[str]) -> str:
    """What may have been meant, as the end of a sentence."""
    last = name.rpartition("/")[2]
    same = sorted(each for each in known if each.rpartition("/")[2] == last)
    close = get_close_matches(name, known, _SUGGESTIONS)
    meant = list(dict.fromkeys([*close, *same] if "/" in name else [*same, *close]))[:_SUGGESTIONS]
    return f": did you mean {' or '.join(meant)}?" if meant else ""
