"""What a spec may say, and how a mistake in it is explained."""

import pytest

from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.spec import ColumnRule, Spec
from transferroom_pipeline.comparisons.spec_file import load_spec, packaged_spec


@pytest.fixture
def loaded(tmp_path):
    """Loads a text as a spec."""

    def load(text: str) -> Spec:
        path = tmp_path / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        return load_spec(path)

    return load


def test_the_project_s_own_tables_are_compared_strictly():
    spec = packaged_spec()

    keys = {name: ", ".join(spec.for_table(name).key) for name in spec.tables}
    assert keys == {
        "derived_a": "player_id",
        "derived_b": "transfer_id",
        "derived_c": "insight_id",
        "derived_b_incremental": "transfer_id",
        "players": "player_id",
        "clubs": "club_id",
        "transfers": "transfer_id",
    }
    assert spec.for_table("derived_a").exclude == ("_dlt_*",)
    rules = [rule for entry in spec.tables.values() for rule in entry.columns.values()]
    assert all(rule.written() == {"exclude": True} for rule in rules), "columns are left out, none is loosened"
    assert {name for name, entry in spec.tables.items() if entry.columns} == {"derived_b_incremental"}


def test_a_table_without_an_entry_has_defaults_only():
    spec = Spec().for_table("new table", default_key=["id"])

    assert (spec.legacy, spec.modern, spec.key) == ('raw."new table"', 'prod."new table"', ("id",))
    assert Spec().for_table("derived_d", default_key=["id"]).legacy == "raw.derived_d"


def test_what_the_entry_says_goes_before_the_defaults(loaded):
    spec = loaded("tables: {t: {legacy: old.t, key: [a, b], where: a > 1, columns: {v: {abs: 0.005, rel: 0}}}}")

    table = spec.for_table("t", default_key=["id"], default_legacy="x.t", default_modern="y.t")

    assert (table.legacy, table.modern, table.key) == ("old.t", "y.t", ("a", "b"))
    assert (table.where.legacy, table.where.modern) == ("a > 1", "a > 1")
    assert table.columns["v"].written() == {"abs": 0.005}


def test_an_empty_file_is_an_empty_spec(loaded):
    assert loaded("") == Spec()


def test_a_rule_shows_only_what_it_loosens():
    rule = ColumnRule.model_validate({"trim": "right", "within": "5min", "case": "sensitive"})

    assert rule.written() == {"trim": "right", "within": "5min"}
    assert rule.within_microseconds == 300_000_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables: {t: {kye: [id]}}", ", table t, field kye: this field is unknown, did you mean 'key'?"),
        ("{tirm: right}", "field tirm: this field is unknown, did you mean 'trim'?"),
        ("defaults: {exlude: []}", ", field defaults.exlude: this field is unknown, did you mean 'exclude'?"),
        ("table: {}", ", field table: this field is unknown, did you mean 'tables'?"),
        ("{abs: -1}", "field abs: it should be greater than or equal to 0, not -1"),
        ("{abs: true}", "field abs: Write a number"),
        ("{abs: .nan}", "field abs: it should be a finite number, not nan"),
        ("{rel: 1}", "field rel: it should be less than 1, not 1"),
        ("{trim: left}", "field trim: it should be 'none', 'right' or 'both', not 'left'"),
        ("{within: soon}", "field within: 'soon' is not a duration: write a whole number and a unit"),
        ("{timezone: Mars}", "field timezone: 'Mars' is not a time zone"),
        ("{timezone: {legacy: Mars}}", "field timezone.legacy: 'Mars' is not a time zone"),
        ("{abs: 1e400}", "field abs: 1e+400 is too large a number"),
        ("{abs: '1e400'}", "field abs: 1e+400 is too large a number"),
        ("{blanks: both}", "field blanks: it should be 'count' or 'ignore', not 'both'"),
        ("{null_equals: 1900-01-01}", "field null_equals: it should be a list"),
        ("{null_equals: [true]}", "field null_equals.0: it should be a valid string, not True"),
        ("{unordered: true, abs: 1}", "with unordered nobody knows which elements a tolerance is between"),
        ("{json: true, numeric: true}", ", column v: Json compares content, which trim"),
        ("tables: {t: {accepted: [{column: v, reason: r, owner: o, expires: 2027-02-30, max_rows: 1}]}}",
         ", table t, field accepted.0.expires: it should be a valid date"),
        ("tables: {t: {where: {}}}", ", table t: where names no side"),
        ("tables: {t: {legacy: a.b, legacy_sql: q.sql}}", "legacy and legacy_sql both say where the legacy rows are"),
        ("{json: true, trim: both}", ", column v: Json compares content, which trim"),
        ("tables: {t: {accepted: [{column: v}]}}", ", table t, field accepted.0.reason: it is missing"),
        ("tables: {t: {key: id}}", ", table t, field key: it should be a list, not 'id'"),
        ("tables: {t: {legacy: a.b.c.d}}", "field legacy: 'a.b.c.d' does not name a table"),
        ("tables: {t: {where: 'a = 1; DROP TABLE x'}}", "is not one condition"),
        ("tables: {t: {where: {legacy: 'SELECT 1'}}}", "field where.legacy: Predicate 'SELECT 1' is not one condition"),
        ("tables: {t: {where: 'a = '}}", "is not SQL"),
        ("tables: {t: {key: [a], key: [b]}}", "'key' is written twice"),
        ("tables: {t: [", "is not YAML"),
        ("- a", ": it should be a mapping, not"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_that_names_the_file_and_the_place(loaded, text, said):
    of_column = text.startswith("{")
    with pytest.raises(SpecError) as error:
        loaded(f"tables: {{t: {{columns: {{v: {text}}}}}}}" if of_column else text)

    message = str(error.value)
    assert ("spec.yaml, table t, column v" if of_column else "spec.yaml") in message
    assert said.casefold() in message.casefold()
    assert "\n" not in message


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(SpecError, match=r"nothing\.yaml cannot be read: No such file"):
        load_spec(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{}", "table t has no key: name the columns that identify a row, or compare with multiset: true"),
        ("{key: []}", "table t has no key"),
        ("{key: [id, ID]}", "the key names a column twice"),
        (
            "{key: [], multiset: true, columns: {v: {abs: 1}}}",
            "column v has a tolerance, which only a key can pair rows for",
        ),
    ],
)
def test_a_table_needs_a_key_that_can_be_used(loaded, entry, said):
    with pytest.raises(SpecError, match=said):
        loaded(f"tables: {{t: {entry}}}").for_table("t")


def test_whole_rows_need_no_key(loaded):
    assert loaded("tables: {t: {multiset: true}}").for_table("t").key == ()
    assert loaded("tables: {t: {multiset: true}}").for_table("t", default_key=["id"]).key == ("id",)


def test_names_are_texts_as_they_are_written(loaded):
    table = loaded("tables: {t: {key: [no, on], columns: {yes: {abs: 1}, 2024: {abs: 2}, ~: {abs: 3}}}}").for_table("t")

    assert (table.key, list(table.columns)) == (("no", "on"), ["yes", "2024", "~"])


def test_a_rule_may_be_merged_into_another(loaded):
    text = "tables: {t: {key: [id], columns: {a: &some {abs: 1, rel: 0.1}, b: {<<: *some, abs: 2}}}}"

    assert loaded(text).for_table("t").columns["b"].written() == {"abs": 2.0, "rel": 0.1}


def test_values_that_stand_for_null_are_taken_as_they_are_written(loaded):
    text = "tables: {t: {key: [id], columns: {v: {null_equals: [1900-01-01, -1, 0.0, n/a]}}}}"

    assert loaded(text).for_table("t").columns["v"].null_equals == ("1900-01-01", "-1", "0.0", "n/a")


def test_a_side_may_be_a_query_in_a_file_beside_the_spec(loaded, tmp_path):
    (tmp_path / "old.sql").write_text("WITH x AS (SELECT id FROM raw.a) SELECT id FROM x JOIN prod.b USING (id)")
    spec = loaded("tables: {t: {legacy_sql: old.sql, key: [id]}}").for_table("t")

    assert (spec.legacy, spec.modern) == (str(tmp_path / "old.sql"), "prod.t")
    assert {table.sql() for table in spec.tables_read()} == {"raw.a", "prod.b", '"prod"."t"'}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("", "is not one SELECT"),
        ("SELECT 1; SELECT 2", "is not one SELECT"),
        ("DELETE FROM raw.a", "is not one SELECT"),
        ("SELEC id", "is not"),
        ("SELECT (", "the query is not SQL"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_query_that_cannot_be_used_is_one_sentence(loaded, tmp_path, content, said):
    if content is not None:
        (tmp_path / "q.sql").write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(SpecError, match=rf"^table t, field legacy_sql: .*q\.sql.*{said}") as error:
        loaded("tables: {t: {legacy_sql: q.sql, key: [id]}}").for_table("t")
    assert "\n" not in str(error.value)
