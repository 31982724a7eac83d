from pipeline.restarts import Restarts


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_so_many_within_the_window_and_no_more() -> None:
    restarts = Restarts(2, 60.0, Clock())
    assert [restarts.add(), restarts.add(), restarts.add()] == [1, 2, None]
    assert (restarts.recent, restarts.total) == (2, 2)


def test_those_that_are_older_than_the_window_are_forgotten_but_in_the_total() -> None:
    clock = Clock()
    restarts = Restarts(2, 60.0, clock)
    restarts.add()
    clock.now_s += 40
    restarts.add()
    clock.now_s += 21
    assert restarts.recent == 1
    assert restarts.add() == 2
    assert restarts.total == 3


def test_what_is_forgiven_counts_in_the_total_alone() -> None:
    restarts = Restarts(1, 60.0, Clock())
    restarts.add()
    restarts.forgive()
    assert (restarts.recent, restarts.total) == (0, 1)
    assert restarts.add() == 1
    restarts.begin_anew()
    assert (restarts.recent, restarts.total) == (0, 0)


def test_without_a_limit_none_is_too_many() -> None:
    restarts = Restarts(None, 60.0, Clock())
    assert [restarts.add() for _ in range(5)] == [1, 2, 3, 4, 5]


def test_a_limit_of_none_at_all_refuses_the_first() -> None:
    assert Restarts(0, 60.0, Clock()).add() is None
