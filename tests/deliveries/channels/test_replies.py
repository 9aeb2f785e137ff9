from hypothesis import example, given
from hypothesis import strategies as st

from deliveries.channels.smtp.replies import all_taken, reply_at

WORDS = st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=20)
CODES = st.sampled_from(["250", "250", "251", "354", "354", "421", "451", "550", "25", ""])
LINES = st.builds("{}{}{}".format, CODES, st.sampled_from([" ", " ", " ", "-", ""]), WORDS)
ANSWERS = st.lists(LINES, max_size=6).map(lambda lines: "".join(f"{line}\r\n" for line in lines).encode())


def one_by_one(data: bytes) -> tuple[list[int], list[bytes]]:
    """The codes of the whole answers in it, the answers, and behind them what is not whole."""
    codes, answers, start = list[int](), list[bytes](), 0
    while found := reply_at(data, start):
        codes.append(found[0])
        answers.append(data[start : found[1]])
        start = found[1]
    return codes, [*answers, data[start:]]


@given(ANSWERS, WORDS)
@example(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", "")
@example(b"250-ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", "")
@example(b"250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n", "")
@example(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", "421")
def test_all_is_taken_at_one_look_only_where_each_answer_by_itself_says_so(data: bytes, rest: str) -> None:
    data += rest.encode()
    codes, answers = one_by_one(data)
    found = all_taken(data)
    if found:
        assert found == (codes[0], answers[0])
        assert [code // 100 for code in codes[:3]] == [2, 2, 2]
        assert (codes[3:], answers[4:]) == ([354], [b""])


def test_what_servers_mostly_say_is_understood_at_one_look() -> None:
    said = b"250 2.0.0 Ok: queued as 4T\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
    assert all_taken(said) == (250, b"250 2.0.0 Ok: queued as 4T\r\n")
