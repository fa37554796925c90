"""What data holds is shown as it is."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sqlmesh_assets import markdown

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = [
    *("![x](http://h/i.png)", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "http://h/?a=b", "www.h.com"),
    *(
        "me@host.com",
        "**x**",
        "_x_",
        "__init__",
        "a_b",
        "`x`",
        "``",
        "a|b",
        "a\\|b",
        "\\",
        "&lt;",
        "~~x~~",
        "",
        " ",
        "ABC ",
        "a\nb",
    ),
    *("a\r\n\r\n# b", "a  b", "\u2028", "| --- |", "<b>", "- x", "1. x", "# x", "x\u0000y", "- [ ] x", "$x$"),
]


def cells(rendered: str) -> list[list[Token]]:
    """What stands in the cells of a table below its header."""
    tokens = PARSER.parse(rendered)
    opened = [number for number, token in enumerate(tokens) if token.type == "td_open"]
    return [tokens[number + 1].children or [] for number in opened]


@given(st.one_of(st.sampled_from(HOSTILE), st.text("`|\\_*[]()!<>&@:/.wahtp \n\"'-#", max_size=12)))
def test_a_value_in_a_table_is_text_and_whole(value: str) -> None:
    first, second = cells(markdown.table_of_data([{"a": value, "b": 1}]))

    assert {token.type for token in first} <= {"text", "text_special", "code_inline"}
    shown = "".join(token.content for token in first)
    assert shown == value or json.loads(shown) == value
    assert [token.content for token in second] == ["1"]


@pytest.mark.parametrize("value", ["http://h/?a=b", "see www.h.com", "WWW.h.com", "me@host.com"])
def test_an_address_does_not_become_a_link_by_itself(value: str) -> None:
    assert [token.type for token in cells(markdown.table_of_data([{"a": value}]))[0]] == ["code_inline"]


@pytest.mark.parametrize("value", ["Ann's", "transfer_fee", "1,234.5", "2026-11-30 10:00:00+00:00", 'say "x"', "é"])
def test_an_ordinary_value_is_shown_plain(value: str) -> None:
    assert markdown.as_text(value) == value


@given(st.text("`|\\a@", max_size=8))
def test_no_bar_ends_a_cell_for_readers_that_pair_backslashes(value: str) -> None:
    """Dagster's reader takes two backslashes for one sign before it looks for bars; others look for bars first."""
    _, _, row = markdown.table_of_data([{"a": value, "b": 1}]).splitlines()

    assert re.sub(r"\\.", "", row).count("|") == 3


@pytest.mark.parametrize("text", ["```", "a\n```\nb", "````"])
def test_a_block_ends_where_its_text_does(text: str) -> None:
    (token,) = PARSER.parse(markdown.block(text, "sql"))

    assert (token.type, token.content) == ("fence", f"{text}\n")
