import quopri

from hypothesis import given

from deliveries.mail.quoted import quoted
from tests.deliveries.mail.reading import check_wire
from tests.deliveries.mail.test_contents import PIECES


@given(PIECES)
def test_pieces_put_one_after_the_other_read_as_one_text(pieces: list[str]) -> None:
    written = "".join(map(quoted, pieces))
    read = quopri.decodestring(written.encode()).replace(b"\r\n", b"\n").decode()
    assert read == "".join(pieces).replace("\x00", "")
    check_wire(written.encode())


def test_a_value_has_lines_of_its_own() -> None:
    assert quoted("") == ""
    assert quoted("Ada") == "Ada=\r\n"
    assert quoted("Ada\n") == "Ada\r\n"
    assert quoted("Müller = 1 \n") == "M=C3=BCller =3D 1=20\r\n"
    assert quoted(".\n..") == "=2E\r\n=2E.=\r\n"
    assert quoted("From me") == "=46rom me=\r\n"
    assert quoted("x" * 75 + ".") == "x" * 75 + "=\r\n=2E=\r\n"
    assert quoted("x" * 74 + "é") == "x" * 74 + "=\r\n=C3=A9=\r\n"
