from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from deliveries.mail import plain_text
from deliveries.mail.derived import KEPT, DerivedPart
from deliveries.mail.plain import derived_text
from tests.deliveries.mail.reading import as_read, content, read


def whole(pieces: list[str] | tuple[str, ...], values: list[str]) -> str:
    return "".join(chain.from_iterable(zip(pieces, [*values, ""], strict=True)))


def test_a_text_is_what_is_read_with_the_targets_of_links() -> None:
    html = '<style>p{}</style><h1>Hi&nbsp;Ada</h1><p>Read <a href="https://e.com/a">this</a>.</p><ul><li>one</li><li>two</li></ul>'
    assert plain_text(html) == "Hi Ada\nRead this (https://e.com/a).\none\ntwo\n"


def test_the_text_of_a_template_is_made_once() -> None:
    derived = derived_text(['<p title="', '">Dear ', ',<br><a href="', '" style="font: \'Arial\'">this</a></p>'])
    assert derived is not None
    assert derived.values(["Ada L", "O&#39;L", "https://e.com/a?b&amp;c"]) == ["O'L", "https://e.com/a?b&c"]
    assert whole(derived.pieces, ["Ada L", "https://e.com/a"]) == "Dear Ada L,\nthis (https://e.com/a)\n"


@pytest.mark.parametrize(
    "values",
    [
        ["", "https://x.y"],
        [" ", "https://x.y"],
        ["a\nb", "https://x.y"],
        ["x", "mailto:x@y"],
        ["<b>x</b>", "https://x.y"],
        ["R&D", "https://x.y"],
    ],
)
def test_a_value_that_is_more_than_words_is_not_put_into_it(values: list[str]) -> None:
    derived = derived_text(["<p>", '</p><a href="', '">x</a>'])
    assert derived is not None
    assert derived.values(values) is None


@pytest.mark.parametrize(
    "pieces",
    [
        ["<p ", ">x</p>"],
        ["<p class=", ">x</p>"],
        ["<", ">x"],
        ["<p", ">x"],
        ["a < ", ""],
        ['<a href="http', '">x</a>'],
        ["R&", "; x"],
        ["R&<b>", "</b>; x"],
        ["<!-- ", " -->"],
        ["\ue000", ""],
    ],
)
def test_a_template_in_which_a_value_could_be_more_is_not_taken(pieces: list[str]) -> None:
    assert derived_text(pieces) is None


MARKUP = st.sampled_from(
    [
        *("<p>", "</p>", "<br/>", " ", "\n\n\n", "word", "&nbsp;", "&amp;", "&", "&lt", "&#", ";", "<", ">", "'", '"'),
        *('<a href="', '">', "</a>", "<a title='", "' href='https://x.y/", "'>", '<a href="http', "s://", " href="),
        *("href=", "<style>", "</style>", "<td style=\"font:'A'\" ", 'data-href="', '"https://z', "<!--", "-->"),
        *("<title>", "</title >", "<h1", "<sty", "\xa0", "\t"),
    ]
)
VALUES = (
    st.text(max_size=6)
    | st.sampled_from(
        ["https://e.com/?a=1", "http://x", "https:", "a b", " a", "", "br", "amp;", "lt", "href=", "le>", "x\n\n\ny"]
    )
).map(lambda value: str(escape(value)))


@given(st.data(), st.lists(st.lists(MARKUP, max_size=5).map("".join), min_size=1, max_size=5))
def test_the_text_of_a_template_is_the_text_of_the_rendered_html(data: st.DataObject, pieces: list[str]) -> None:
    values = [data.draw(VALUES) for _ in pieces[1:]]
    derived = derived_text(pieces)
    words = derived.values(values) if derived else None
    if derived and words is not None:
        assert whole(derived.pieces, words) == plain_text(whole(pieces, values))


BLOCKS = st.sampled_from(["", "<b>x</b>", "<p>y</p>", "<a href='https://x.y'>z</a>", "<br>", "<style>", "R&D"])


@given(st.lists(MARKUP, max_size=5).map("".join), st.lists(st.tuples(BLOCKS | VALUES, MARKUP), max_size=4))
def test_what_a_block_shows_is_read_as_if_it_stood_in_the_template(first: str, more: list[tuple[str, str]]) -> None:
    pieces, values = [first, *(piece for _, piece in more)], [value for value, _ in more]
    part = DerivedPart(pieces)
    for _ in range(2):
        filled = part.fill(values)
        if filled is not None:
            expected = as_read(plain_text(whole(pieces, values)))
            assert content(read(f"MIME-Version: 1.0\r\n{filled}".encode()), "plain") == expected


def test_only_so_many_texts_are_kept() -> None:
    part = DerivedPart(["<p>", "</p>"])
    filled = [part.fill([f"<b>{number}</b>"]) is not None for number in range(KEPT + 2)]
    assert filled == [True] * KEPT + [False] * 2
    assert part.fill(["<b>0</b>"]) is not None
