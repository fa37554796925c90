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
