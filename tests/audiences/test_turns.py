"""One at a time within a process."""

import threading

from audiences.turns import turn


def test_a_second_one_at_the_same_work_is_told_to_leave() -> None:
    with turn("a") as first, turn("a") as second, turn("b") as other:
        assert (first, second, other) == (True, False, True)
    with turn("a") as again:
        assert again


def test_whoever_was_told_to_leave_ends_nobodys_turn() -> None:
    with turn("a"):
        with turn("a"):
            pass
        with turn("a") as third:
            assert not third


def test_work_that_breaks_gives_its_turn_back() -> None:
    try:
        with turn("a"):
            raise KeyError
    except KeyError:
        pass
    with turn("a") as mine:
        assert mine


def test_of_many_threads_one_has_its_turn() -> None:
    at_once, told = threading.Barrier(8), list[bool]()

    def ask() -> None:
        at_once.wait()
        with turn("a") as mine:
            told.append(mine)
            at_once.wait()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 7 + [True]
