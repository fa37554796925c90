"""The rules that a person gives on the command line, put on top of those of a spec."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from transferroom_pipeline.comparisons.addresses import may_be_address
from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.sides import SIDE_NAMES
from transferroom_pipeline.comparisons.spec import ColumnRule, Defaults, Spec, TableEntry, TableSpec
from transferroom_pipeline.comparisons.spec_file import load_spec, validated
from transferroom_pipeline.comparisons.sql_text import parse_relation

Options = Mapping[str, Any]

_RULE_WITH_VALUE = {"abs_": "abs", "rel": "rel", "drift": "drift", "within": "within", "trim": "trim"}
_RULE_WITHOUT_VALUE: dict[str, tuple[str, dict[str, object]]] = {
    "ignore_case": ("ignore-case", {"case": "insensitive"}),
    "null_equals_empty": ("null-equals-empty", {"null_equals_empty": True}),
    "json_column": ("json-column", {"json": True}),
    "numeric": ("numeric", {"numeric": True}),
    "ignore_blanks": ("ignore-blanks", {"blanks": "ignore"}),
}
_SERVERS = ("postgresql://", "postgres://")


def table_spec(options: Options) -> TableSpec:
    """The spec of the one table that the command's arguments name; what a flag says goes before the file.

    Raises:
        SpecError: A flag or the file is wrong, or together they do not name two tables and a key.
    """
    spec = load_spec(Path(options["spec"])) if options["spec"] else Spec()
    name = _table_name(options, spec)
    written = spec.tables[name].model_dump(by_alias=True, exclude_unset=True) if name in spec.tables else {}
    flags = _table_flags(options)
    replaced = {f"{side}{end}" for side in SIDE_NAMES for end in ("", "_sql") if {side, f"{side}_sql"} & flags.keys()}
    kept = {field: value for field, value in written.items() if field not in replaced}
    merged = kept | flags | {"columns": _merged(written.get("columns", {}), _column_flags(options))}
    if not all(merged.get(side) or merged.get(f"{side}_sql") for side in SIDE_NAMES):
        raise SpecError(_NAME_TWO)
    entry = validated(TableEntry, merged, source=f"table {name}")
    patterns = [column for column in options["exclude"] if _is_pattern(column)]
    defaults = Defaults(exclude=(*spec.defaults.exclude, *patterns))
    return Spec(defaults=defaults, tables={name: entry}).for_table(name)


def attached_databases(texts: Sequence[str]) -> dict[str, Path | str]:
    """Files, and addresses of PostgreSQL servers, by the alias under which their tables are named.

    Raises:
        SpecError: A text is not ALIAS=FILE_OR_URL; it is not repeated in the error where it could hold a password.
    """
    databases: dict[str, Path | str] = {}
    for text in texts:
        alias, separator, place = text.partition("=")
        if alias in databases:
            raise SpecError(f"--attach {alias}: two databases cannot have one alias: give each its own")
        if not (alias and separator and place) or "://" in alias:
            raise SpecError(
                "--attach: write ALIAS=FILE_OR_URL, such as old=data/legacy/transferroom.duckdb or old=postgresql://..."
            )
        is_server = place.startswith(_SERVERS)
        databases[alias] = place if is_server else database_file(f"--attach {alias}", place)
    return databases


def database_file(option: str, text: str) -> Path:
    """A database that is a file.

    Raises:
        SpecError: The text addresses a server; it is not repeated in the error, for it could hold a password.
    """
    if may_be_address(text):
        raise SpecError(f"{option}: name a DuckDB file; a PostgreSQL server goes with --attach ALIAS=postgresql://...")
    return Path(text)


def _table_name(options: Options, spec: Spec) -> str:
    name: str | None = options["table"]
    if options["spec"] and name is None:
        raise SpecError(f"--spec {options['spec']}: say with --table which of its tables to compare")
    if options["spec"] and name not in spec.tables and not options["modern"]:
        raise SpecError(f"--table {name}: spec {options['spec']} has {', '.join(sorted(spec.tables)) or 'no tables'}")
    if name is not None:
        if not name.strip():
            raise SpecError("--table: the name is empty: write the name of the table in reports")
        return name
    places = _places(options)
    if places["modern"]:
        return parse_relation(places["modern"]).name
    if options["modern_sql"]:
        return Path(options["modern_sql"]).stem
    raise SpecError(_NAME_TWO)


_NAME_TWO = (
    "name two tables: transferroom compare LEGACY MODERN, or for either a file with a query (--legacy-sql, "
    "--modern-sql), or --spec FILE with --table NAME"
)


def _places(options: Options) -> dict[str, str | None]:
    """The two arguments; where legacy is a query, a single one is modern's."""
    legacy, modern = options["legacy"], options["modern"]
    if options["legacy_sql"] and modern is None:
        legacy, modern = None, legacy
    return {"legacy": legacy, "modern": modern}


def _table_flags(options: Options) -> dict[str, object]:
    """The flags about the whole table that were given."""
    flags = {
        **_places(options),
        "legacy_sql": options["legacy_sql"],
        "modern_sql": options["modern_sql"],
        "key": options["key"] or None,
        "multiset": options["multiset"] or None,
        "rename": _renaming(options["rename"]) or None,
        "where": _where(options),
        "row_tolerance": options["row_tolerance"],
        "allow_empty": options["allow_empty"] or None,
    }
    return {name: value for name, value in flags.items() if value is not None}


def _renaming(texts: Sequence[str]) -> dict[str, str]:
    renaming: dict[str, str] = {}
    for text in texts:
        old, new = _pair("rename", text, "OLD=NEW")
        if old in renaming:
            raise SpecError(f"--rename {text}: {old} is renamed to {renaming[old]} already: keep one")
        renaming[old] = new
    return renaming


def _where(options: Options) -> str | dict[str, str] | None:
    """The predicate of both sides, or of each."""
    both: str | None = options["where"]
    each = {side: options[f"{side}_where"] for side in SIDE_NAMES if options[f"{side}_where"] is not None}
    if both is not None and each:
        raise SpecError("--where is for both sides: leave it out beside --legacy-where and --modern-where")
    return each or both


def _column_flags(options: Options) -> dict[str, dict[str, object]]:
    """Rules by column, each checked by itself so that the error shows the flag."""
    rules: dict[str, dict[str, object]] = {}
    for column, rule in (*_rules_with_values(options), *_rules_without_values(options)):
        rules.setdefault(column, {}).update(rule)
    for text in options["null_equals"]:
        column, value = _pair("null-equals", text, "COL=VALUE", splits_first=True)
        rules.setdefault(column, {}).setdefault("null_equals", []).append(value)  # type: ignore[attr-defined]
    return rules


def _rules_with_values(options: Options) -> Iterator[tuple[str, dict[str, object]]]:
    for option, field in _RULE_WITH_VALUE.items():
        for text in options[option]:
            column, value = _pair(field, text, "COL=VALUE")
            validated(ColumnRule, {field: value}, source=f"--{field} {text}")
            yield column, {field: value}
    for text in options["timezone"]:
        column, value = _pair("timezone", text, "COL=ZONE or COL=LEGACY_ZONE,MODERN_ZONE")
        yield column, {"timezone": _zones(text, value)}


def _rules_without_values(options: Options) -> Iterator[tuple[str, dict[str, object]]]:
    for column in options["exclude"]:
        if not _is_pattern(column):
            yield column, {"exclude": True}
    for option, (flag, rule) in _RULE_WITHOUT_VALUE.items():
        for column in options[option]:
            validated(ColumnRule, rule, source=f"--{flag} {column}")
            yield column, rule


def _zones(text: str, value: str) -> object:
    """One zone for both sides, or one for each."""
    zones = dict(zip(SIDE_NAMES, value.split(",", 1), strict=True)) if "," in value else value
    validated(ColumnRule, {"timezone": zones}, source=f"--timezone {text}")
    return zones


def _is_pattern(column: str) -> bool:
    """A name without wildcards is one column, and a mistake where no table has it."""
    return any(character in column for character in "*?[")


def _pair(flag: str, text: str, form: str, *, splits_first: bool = False) -> tuple[str, str]:
    """A name and a value; of several signs between them the last one counts, since a name may hold one too."""
    name, separator, value = text.partition("=") if splits_first else text.rpartition("=")
    if not (name and separator and value):
        raise SpecError(f"--{flag} {text}: write {form}")
    return name, value


def _merged(
    written: Mapping[str, Mapping[str, object]], flags: Mapping[str, Mapping[str, object]]
) -> dict[str, object]:
    return {column: {**written.get(column, {}), **flags.get(column, {})} for column in (*written, *flags)}
