"""Types of columns with their values, the types that may be compared, and how a value is written in each of them.

Left out, because the contract does not say what they mean: readings of a clock that its zone has never, texts of dates
and times in other forms than ISO 8601, infinite dates, and letters whose lower case is disputed.
"""

import json
import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from transferroom_pipeline_tests.comparisons.reference import Nanoseconds

Values = Callable[[Random], Any]
Family = Literal[
    "numeral",
    "boolean",
    "integer",
    "decimal",
    "float",
    "text",
    "json",
    "instant",
    "time",
    "uuid",
    "list",
    "struct",
    "other",
]


def _none(*_: Any) -> list[Any]:
    return []


def quoted(text: str) -> str:
    """A text in SQL, where no literal can hold NUL."""
    return " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in text.split("\0"))


def _plain_literal(value: Any) -> str:
    return quoted(str(value))


@dataclass(frozen=True)
class Kind:
    """A type of column.

    Attributes:
        type: Its name in SQL.
        family: What it may be compared with.
        values: Makes one of its values, never NULL.
        forms: The values of this type that are equal to a value of any type; readings of a clock are in a zone.
        near: The values of this type around a number.
        write: A value in SQL that becomes this type when it is inserted.
        whole: Digits before the decimal point that an exact number can have.
        scale: Digits after it.
    """

    type: str
    family: Family
    values: Values = field(repr=False)
    forms: Callable[[Any, ZoneInfo], list[Any]] = field(repr=False)
    near: Callable[[Fraction], list[Any]] = field(repr=False, default=_none)
    write: Callable[[Any], str] = field(repr=False, default=_plain_literal)
    whole: int = 0
    scale: int = 0


Pair = tuple[Kind, Kind]


def _often(usual: Sequence[Any], others: Values) -> Values:
    """One of the usual values every other time."""
    return lambda random: random.choice(usual) if random.random() < 0.5 else others(random)


def _perhaps(random: Random, kind: Kind) -> Any:
    """A value, or NULL."""
    return None if random.random() < 0.25 else kind.values(random)


def exact(value: Any) -> Fraction | None:
    """The number that a value is, if it is a finite one."""
    is_finite = isinstance(value, bool | int | Decimal | Fraction) or (
        isinstance(value, float) and math.isfinite(value)
    )
    return Fraction(value) if is_finite else None


def _integer(name: str, low: int, high: int) -> Kind:
    usual = [value for value in (0, 1, 2, 3, -1, 100, 101, 2**53 + 1, 2**63, low, high) if low <= value <= high]

    def forms(value: Any, _: ZoneInfo) -> list[int]:
        number = exact(value)
        return [int(number)] if number is not None and number.denominator == 1 and low <= number <= high else []

    def near(number: Fraction) -> list[int]:
        below = math.floor(number)
        return [value for value in range(below - 1, below + 3) if low <= value <= high]

    def any_length(random: Random) -> int:
        return max(low, random.choice([1, -1 if low else 1]) * random.getrandbits(random.randint(1, high.bit_length())))

    return Kind(name, "integer", _often(usual, any_length), forms, near, whole=len(str(high)))


def _decimal(width: int, scale: int) -> Kind:
    most = 10**width - 1
    usual = [
        value for value in (0, 1, -1, 5, 10, 100, 150, 10**scale, 10**scale + 1, most, -most) if abs(value) <= most
    ]

    def any_length(random: Random) -> int:
        return random.choice([1, -1]) * random.randrange(10 ** random.randint(1, width))

    def of_units(units: int) -> Decimal:
        return Decimal((int(units < 0), Decimal(abs(units)).as_tuple().digits, -scale))

    def forms(value: Any, _: ZoneInfo) -> list[Decimal]:
        number = exact(value)
        if number is not None and isinstance(value, float):
            number = Fraction(repr(value))
        units = None if number is None else number * 10**scale
        return [of_units(int(units))] if units is not None and units.denominator == 1 and abs(units) <= most else []

    def near(number: Fraction) -> list[Decimal]:
        below = math.floor(number * 10**scale)
        return [of_units(units) for units in range(below - 1, below + 3) if abs(units) <= most]

    return Kind(
        f"DECIMAL({width},{scale})",
        "decimal",
        lambda random: of_units(_often(usual, any_length)(random)),
        forms,
        near,
        write=lambda value: quoted(f"{value:f}"),
        whole=width - scale,
        scale=scale,
    )


def _single(value: float) -> float:
    """The nearest float of four bytes, which may be infinite."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _double(number: Fraction | Decimal | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _float(name: str, width: Literal[32, 64]) -> Kind:
    fit, precision = (_single, 2**-23) if width == 32 else (float, 2**-52)
    usual = [0.0, -0.0, 1.0, fit(0.1), -1.5, 100.0, fit(100.1), fit(1e30), math.inf, -math.inf, math.nan, 2.0**53]

    def forms(value: Any, _: ZoneInfo) -> list[float]:
        if not isinstance(value, bool | int | Decimal | float):
            return []
        number = _double(value)
        return [fit(number)] if fit(number) == number or math.isnan(number) else []

    def near(number: Fraction) -> list[float]:
        middle = _double(number)
        return [fit(middle * factor) for factor in (1, 1 - precision, 1 + precision, 1 + 1e-9)]

    def any_bits(random: Random) -> float:
        layout = "f" if width == 32 else "d"
        found: float = struct.unpack(layout, random.randbytes(width // 8))[0]
        return random.choice([found, fit(random.randint(-(10**6), 10**6) / 100)])

    return Kind(name, "float", _often(usual, any_bits), forms, near, lambda value: quoted(repr(value)))


ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")]
START = datetime(1, 1, 1)  # noqa: DTZ001 - readings of a clock in no zone
MICROSECOND, SECOND, HOUR, DAY = (timedelta(**{f"{unit}s": 1}) for unit in ("microsecond", "second", "hour", "day"))


def form_is_clear(reading: datetime) -> bool:
    """Whether a clock shows it exactly once, in every zone."""
    both = ({reading.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)} for zone in ZONES)
    return all(len(offsets) == 1 for offsets in both)


def _in_zone(value: datetime, zone: ZoneInfo) -> datetime | None:
    try:
        return value.astimezone(zone)
    except OverflowError:
        return None


def _naive(value: Any, zone: ZoneInfo) -> datetime | None:
    """What a clock in the zone shows, if that is clear."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time()) if isinstance(value, date) else None
    shown = value if value.tzinfo is None else _in_zone(value, zone)
    naive = shown and shown.replace(tzinfo=None, fold=0)
    return _as_fine(naive, value) if naive is not None and form_is_clear(naive) else None


def _as_fine(found: datetime, value: Any) -> datetime:
    """An instant with the nanoseconds of another, which arithmetic loses."""
    return Nanoseconds.of(found, value.beyond) if isinstance(value, Nanoseconds) else found


def instant_of(value: Any, zone: ZoneInfo) -> datetime | None:
    """The instant in UTC, if a clock in the zone shows it clearly."""
    naive = _naive(value, zone)
    shown = naive and _in_zone(naive.replace(tzinfo=zone), ZONES[0])
    return shown and _as_fine(shown.replace(tzinfo=UTC), value)


def _instant(name: str, *, zoned: bool = False, unit: timedelta = MICROSECOND) -> Kind:
    readings = [
        *("1970-01-01", "2026-01-31", "2026-01-31T10:00:00", "2026-01-31T10:00:01", "2026-01-31T10:00:00.000001"),
        *("2026-03-29T01:30:00", "2026-03-29T03:30:00", "1900-01-01", "9999-12-31"),
    ]

    def in_our_time(random: Random) -> datetime:
        day = START.replace(year=1980) + random.randrange(20_000) * DAY
        moment = day + random.randrange(DAY // MICROSECOND) * MICROSECOND
        return random.choice([day, moment if form_is_clear(moment) else day])

    def of_type(reading: datetime) -> Any:
        whole = reading - (reading.replace(tzinfo=None) - START) % unit
        plain = datetime.combine(whole.date(), whole.time())
        return plain.date() if name == "DATE" else plain.replace(tzinfo=UTC if zoned else None)

    def forms(value: Any, zone: ZoneInfo) -> list[Any]:
        found = instant_of(value, zone) if zoned else _naive(value, zone)
        is_whole = found is not None and not getattr(found, "beyond", 0)
        is_whole = is_whole and found is not None and not (found.replace(tzinfo=None) - START) % unit
        return [of_type(found)] if found is not None and is_whole else []

    moments = _often([datetime.fromisoformat(reading) for reading in readings], in_our_time)
    return Kind(
        name, "instant", lambda random: of_type(moments(random)), forms, write=lambda value: quoted(value.isoformat())
    )


_NANOSECOND_YEARS = range(1678, 2262)
"""The years that a TIMESTAMP_NS holds whole."""


def _nanoseconds(coarser: Kind) -> Kind:
    """Readings of a clock in nanoseconds."""

    def values(random: Random) -> Nanoseconds:
        found = coarser.values(random)
        found = found if found.year in _NANOSECOND_YEARS else found.replace(year=2024)
        return Nanoseconds.of(found, random.choice([0, 0, 1, 100, 999, 500]))

    def forms(value: Any, zone: ZoneInfo) -> list[Nanoseconds]:
        found = _naive(value, zone)
        if found is None or found.year not in _NANOSECOND_YEARS:
            return []
        return [Nanoseconds.of(found, getattr(value, "beyond", 0))]

    return Kind("TIMESTAMP_NS", "instant", values, forms, write=lambda value: quoted(value.isoformat()))


TEXTS = [
    *("", " ", "  ", "a", "A", "a ", " a", "a  b", "ab", "AB", "b", "0", "1", "NULL", "null", "\\N", "a|b", "a,b", "|"),
    *(
        "é",
        "e\u0301",
        "É",
        "E\u0301 ",
        "\u00e5",
        "\u212b",
        "a\t",
        "a\u00a0",
        "\n",
        "a\x1fb",
        "a\0b",
        "\0",
        "é\0E\u0301",
        "é\0e\u0301",
        "ß",
        "Д",
        "д",
    ),
    *("日本", "😀", "'; DROP TABLE raw.t; --", '"', "\\", "{}", "[]", "%", "_", "a \u0301", "\u0301", "a, b", "'a'"),
]
UNREADABLE = [
    *("", " ", "x", ".", "-", "+", "1,5", "1 2", "--1", "1..2", "0x1g", "1.5.5", "12 apples", "truth", "2", "tru", "½"),
    *("2026-13-01", "2026-02-30", "31.01.2026", "2026-01-31 25:00:00", "2026-01-31x", "10:00:00.1234567", "25:00:00"),
    *("{", "2026-01-31 10:00:00.1234567", "a0eebc99-9c0b-4ef8-bb6d", "1e", "e1", "NULL", "abc", "1_000", "0x10"),
]


def text_forms(value: Any, zone: ZoneInfo) -> list[str]:
    """The texts of a value of any type."""
    if isinstance(value, bool):
        return [str(value), str(value).lower(), str(int(value))]
    if isinstance(value, float):
        return [repr(value), f" {value!r} ", repr(value).upper()]
    if isinstance(value, int | Decimal):
        return _texts_of_number(f"{Decimal(value):f}")
    if isinstance(value, date):
        return list(_texts_of_instant(value, zone))
    return [value] if isinstance(value, str) else [str(value), str(value).upper()]


def _texts_of_number(plain: str) -> list[str]:
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    point = "" if "." in plain else "."
    return [plain, f" {plain} ", f"{plain}{point}00", f"{sign or '+'}{digits}"]


def with_leading_zeros(text: str) -> str | None:
    """The same number with zeros before it; None for a text that is no number."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return f"{sign}00{digits}" if digits[:1].isdigit() and digits.replace(".", "", 1).isdigit() else None


def _texts_of_instant(value: date, zone: ZoneInfo) -> Iterator[str]:
    naive, aware = _naive(value, zone), instant_of(value, zone)
    if naive is None or aware is None:
        return
    yield from (naive.isoformat(" "), naive.isoformat("T"))
    if naive.time() == time() and not getattr(naive, "beyond", 0):
        yield from (naive.date().isoformat(), naive.date().isoformat().replace("-", ""))
        yield f"{naive.date().isoformat()} 00:00"
    beyond = f"{getattr(value, 'beyond', 0):03}"
    if not getattr(naive, "beyond", 0):
        yield naive.isoformat("T").replace("-", "").replace(":", "")
    clock = aware.strftime("%Y-%m-%d %H:%M:%S.%f").zfill(26) + beyond
    yield from (clock + offset for offset in ("+00", "Z", " UTC", " +00:00", " z", "0+0000"))
    there = _in_zone(aware, zone)
    if there is not None and not (there.utcoffset() or DAY) % timedelta(minutes=1):
        whole = datetime.combine(there.date(), there.time()).isoformat("T", "microseconds")
        offset = there.isoformat()[-6:]
        yield from (f"{whole}{beyond}{offset}", f"{whole.replace('.', ',')}{beyond} {offset}")
        yield f"{whole.replace('-', '').replace(':', '')}{beyond}{offset.replace(':', '')}"


def _text_near(number: Fraction) -> list[str]:
    return [f"{value:f}" for value in _decimal(30, 10).near(number)]


TEXT = Kind(
    "VARCHAR",
    "text",
    _often(TEXTS, lambda random: "".join(random.choices("aAbB é\u0301Éдñ1|\0", k=random.randint(0, 4)))),
    text_forms,
    _text_near,
    quoted,
)


def _other(name: str, values: Values, write: Callable[[Any], str], family: Family = "other") -> Kind:
    return Kind(name, family, values, lambda value, _: [value], write=write)


def _write_interval(value: timedelta) -> str:
    clock = (START + timedelta(seconds=value.seconds, microseconds=value.microseconds)).time()
    return quoted(f"{value.days} days {clock.isoformat()}")


def _cell(kind: Kind, value: Any) -> str:
    return "NULL" if value is None else f"CAST({kind.write(value)} AS {kind.type})"


def list_of(item: Kind) -> Kind:
    """Lists of values of another type."""

    def write(values: list[Any]) -> str:
        return f"CAST([{', '.join(_cell(item, value) for value in values)}] AS {item.type}[])"

    def forms(values: Any, zone: ZoneInfo) -> list[Any]:
        if not isinstance(values, list):
            return []
        found = [[None] if value is None else item.forms(value, zone) for value in values]
        return [[forms[0] for forms in found]] if all(found) else []

    def values(random: Random) -> list[Any]:
        return [_perhaps(random, item) for _ in range(random.randint(0, 3))]

    return Kind(f"{item.type}[]", "list", values, forms, write=write)


def _struct(fields: Mapping[str, Kind]) -> Kind:
    type_name = f"STRUCT({', '.join(f'{name} {kind.type}' for name, kind in fields.items())})"

    def write(value: Mapping[str, Any]) -> str:
        members = ", ".join(f"{name}: {_cell(kind, value[name])}" for name, kind in fields.items())
        return f"CAST({{{members}}} AS {type_name})"

    def values(random: Random) -> dict[str, Any]:
        return {name: _perhaps(random, kind) for name, kind in fields.items()}

    return _other(type_name, values, write, "struct")


def _map(key: Kind, item: Kind) -> Kind:
    type_name = f"MAP({key.type}, {item.type})"

    def write(value: Mapping[str, Any]) -> str:
        entries = ", ".join(f"{_cell(key, name)}: {_cell(item, content)}" for name, content in value.items())
        return f"CAST(MAP {{{entries}}} AS {type_name})"

    def values(random: Random) -> dict[Any, Any]:
        return {key.values(random): _perhaps(random, item) for _ in range(random.randint(0, 3))}

    return Kind(type_name, "other", values, lambda value, _: [value, dict(reversed(value.items()))], write=write)


def _json_forms(text: Any, _: ZoneInfo) -> list[str]:
    """The same content with other blanks and its keys in another order."""

    def backwards(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs))

    content = json.loads(text, object_pairs_hook=backwards)
    return [text, json.dumps(content), json.dumps(content, indent=1, ensure_ascii=False), f" {text} "]


_SCALARS = [None, True, False, 0, 1, 1.5, 2**53, -3, "", "a", "A", "1", "é", "null"]


def _json(random: Random, depth: int = 2) -> Any:
    kind = random.choice(["list", "object", "scalar"]) if depth else "scalar"
    if kind == "list":
        return [_json(random, depth - 1) for _ in range(random.randint(0, 3))]
    if kind == "object":
        return {random.choice("abA"): _json(random, depth - 1) for _ in range(random.randint(0, 3))}
    return random.choice(_SCALARS)


def _json_text(random: Random) -> str:
    return json.dumps(_json(random))


_PLAIN = re.compile(r"-?[0-9]+([.][0-9]+)?")


def _numeral_forms(value: Any, _: ZoneInfo) -> list[str]:
    """The texts of a number; of a text only if it is a number, written plainly."""
    if isinstance(value, str):
        plain = value if _PLAIN.fullmatch(value) else None
    else:
        plain = None if exact(value) is None or isinstance(value, float) else f"{Decimal(value):f}"
    if plain is None:
        return []
    return [*_texts_of_number(plain), *(found for found in [with_leading_zeros(plain)] if found)]


def _numeral(random: Random) -> str:
    digits = f"{random.getrandbits(random.choice([1, 4, 30, 60, 200]))}"
    place = random.randint(1, len(digits))
    point = "." if digits[place:] else ""
    return random.choice(
        ["0", "-1", "1.5", "100", "0.001", random.choice(["", "-"]) + digits[:place] + point + digits[place:]]
    )


NUMERAL = Kind("VARCHAR", "numeral", _numeral, _numeral_forms, write=quoted)
"""Texts that are numbers, under the rule that says so."""

JSON_TEXT, JSON = (Kind(name, "json", _json_text, _json_forms, write=quoted) for name in ("VARCHAR", "JSON"))

BOOLEAN = Kind(
    "BOOLEAN",
    "boolean",
    lambda random: random.random() < 0.5,
    lambda value, _: [bool(value)] if exact(value) in {0, 1} else [],
    lambda number: [True, False] if -1 <= number <= 2 else [],
)
INTEGERS = {
    f"{sign}{name}": _integer(f"{sign}{name}", 0 if sign else -(2 ** (bits - 1)), 2 ** (bits if sign else bits - 1) - 1)
    for name, bits in (("TINYINT", 8), ("SMALLINT", 16), ("INTEGER", 32), ("BIGINT", 64), ("HUGEINT", 128))
    for sign in ("", "U")
}
INTEGER, BIGINT = INTEGERS["INTEGER"], INTEGERS["BIGINT"]
_SIZES = [(4, 2), (9, 0), (15, 2), (15, 10), (18, 2), (18, 9), (28, 4), (38, 0), (38, 10), (38, 37), (38, 38)]
DECIMALS = {size: _decimal(*size) for size in _SIZES}
FLOAT, DOUBLE = _float("FLOAT", 32), _float("DOUBLE", 64)
DATE = _instant("DATE", unit=DAY)
TIMESTAMP = _instant("TIMESTAMP")
NANOSECONDS = _nanoseconds(TIMESTAMP)
INSTANTS = [
    DATE,
    TIMESTAMP,
    NANOSECONDS,
    _instant("TIMESTAMP_S", unit=SECOND),
    _instant("TIMESTAMP_MS", unit=1000 * MICROSECOND),
    _instant("TIMESTAMP WITH TIME ZONE", zoned=True),
]
_TIMES = [time(), time(10), time(23, 59, 59, 999999)]
_times = _often(_TIMES, lambda random: (START + random.randrange(DAY // MICROSECOND) * MICROSECOND).time())
TIME = _other("TIME", _times, lambda value: quoted(value.isoformat()), "time")
UUIDS = _other("UUID", lambda random: UUID(int=random.getrandbits(128)), _plain_literal, "uuid")
_blobs = _often([b"", b"\0", b"a", b"A", b"\xff"], lambda random: random.randbytes(random.randint(0, 4)))
BLOB = _other("BLOB", _blobs, lambda value: quoted("".join(f"\\x{byte:02X}" for byte in value)))
INTERVAL = _other("INTERVAL", lambda random: random.randint(-(10**13), 10**13) * MICROSECOND, _write_interval)

# What the engine is known to get wrong, and is not asked in random cases. Each has its own test in
# `test_against_reference.py` that is expected to fail; when one of them passes, its function here can go.


def _misread_as_double(pair: Pair) -> bool:
    """DuckDB's cast of a number of more than 15 digits does not give the nearest double."""
    families = {kind.family for kind in pair}
    digits = max(kind.whole + kind.scale for kind in pair)
    return "float" in families and digits > (15 if "decimal" in families else 20)


def text_rules(pair: Pair) -> list[str]:
    """Leaving out blanks inside changes what an instant is, and so it is not asked for."""
    rules = ["trim", "null_equals_empty", "unicode", "case"]
    return [*rules, "blanks"] if {kind.family for kind in pair} == {"text"} else rules


def may_be_padded(pair: Pair) -> bool:
    """A date with blanks around it is not read, and a boolean whatever blanks there are."""
    return not {"instant", "boolean"} & {kind.family for kind in pair}


def measurable(pair: Pair) -> list[str]:
    """Tolerances are exact as far as 38 digits hold what they need, and sums of doubles are not exact."""
    families = {kind.family for kind in pair}
    digits = max(kind.whole for kind in pair) + max(kind.scale for kind in pair)
    if "float" in families:
        return ["abs", "rel"]
    if digits > (28 if "text" in families else 38):
        return []
    if digits > 24 or "text" in families:
        return ["abs"]
    # A text takes as many digits as a decimal holds, which is more than are summed exactly.
    return ["abs", "rel"] if "numeral" in families else ["abs", "rel", "drift"]


# Pairs of types that may be compared

_NUMBERS = [BOOLEAN, *INTEGERS.values(), *DECIMALS.values(), FLOAT, DOUBLE, DOUBLE]
_NUMBER_PAIRS = [pair for pair in product(_NUMBERS, _NUMBERS) if not _misread_as_double(pair)]
_OTHERS = [TEXT, TIME, UUIDS, BLOB]
_WRITTEN_AS_TEXT = [*_NUMBERS, *INSTANTS, *INSTANTS, TIME, UUIDS]
_NESTED = [
    *((kind, kind) for kind in (list_of(INTEGER), list_of(TEXT), list_of(DOUBLE), list_of(DATE), _map(TEXT, INTEGER))),
    (list_of(INTEGER), list_of(BIGINT)),
    (list_of(DECIMALS[15, 2]), list_of(DOUBLE)),
    (list_of(TIMESTAMP), list_of(TIMESTAMP)),
    (list_of(list_of(INTEGER)), list_of(list_of(INTEGER))),
    (_struct({"a": INTEGER, "b": TEXT}), _struct({"b": TEXT, "a": INTEGER})),
    (_struct({"x": DOUBLE, "y": BOOLEAN, "z": DECIMALS[18, 2]}),) * 2,
    (_struct({"x": list_of(TEXT)}),) * 2,
]
_NUMERALS = [(NUMERAL, NUMERAL), *((NUMERAL, kind) for kind in (INTEGER, DECIMALS[15, 2], DECIMALS[38, 10]))]
_FURTHER = [*_NESTED, *_NUMERALS, (JSON_TEXT, JSON_TEXT), (JSON_TEXT, JSON), (JSON, JSON), (INTERVAL, INTERVAL)]


def key_pair(random: Random) -> Pair:
    """Types of a key."""
    kinds = random.choice([_NUMBERS, INSTANTS, _OTHERS, [TEXT]])
    alike = random.choice(kinds)
    with_text = (TEXT, random.choice(_WRITTEN_AS_TEXT))
    return random.choice(
        [
            (alike, alike),
            (alike, alike),
            random.choice(_NUMBER_PAIRS),
            (random.choice(INSTANTS), random.choice(INSTANTS)),
            with_text,
            with_text[::-1],
        ]
    )


def value_pair(random: Random) -> Pair:
    """Types of a value."""
    return random.choice([random.choice(_FURTHER), (TEXT, TEXT), key_pair(random), key_pair(random), key_pair(random)])
