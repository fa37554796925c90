"""The data dictionary in docs is what the contracts say today."""

from click.testing import CliRunner

from transferroom_pipeline.sources.columns import columns_of
from transferroom_pipeline.sources.contracts import SOURCE_TABLES
from transferroom_pipeline.sources.dictionary import data_dictionary, dictionary_command


def test_the_dictionary_in_docs_is_up_to_date(pytestconfig):
    written = (pytestconfig.rootpath / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == data_dictionary(), "write it anew with `python -m transferroom_pipeline.sources.dictionary`"


def test_the_command_writes_the_dictionary(tmp_path):
    result = CliRunner().invoke(dictionary_command, ["--out", str(tmp_path / "docs" / "dictionary.md")])
    assert result.exit_code == 0
    assert (tmp_path / "docs" / "dictionary.md").read_text(encoding="utf-8") == data_dictionary()


def test_every_table_and_column_is_described():
    for table in SOURCE_TABLES:
        assert table.description
        assert all(column.description for column in columns_of(table)), table.name
