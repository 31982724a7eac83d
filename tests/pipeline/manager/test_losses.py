from pipeline.manager.losses import Losses, Turn


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_process_that_is_given_up_again_and_again_is_told_once() -> None:
    clock = Clock()
    losses = Losses(60.0, clock)
    assert losses.look([], is_well=True) == Turn()
    assert losses.look(["events worker"], is_well=False) == Turn(("events worker",), lost=("events worker",))
    assert losses.look(["events worker"], is_well=False) == Turn()
    clock.now_s = 61
    assert losses.look([], is_well=False) == Turn()  # it is tried again
    clock.now_s = 65
    assert losses.look([], is_well=True) == Turn()
    assert losses.look(["events worker"], is_well=False) == Turn(("events worker",))


def test_a_second_process_is_told_while_the_first_is_gone() -> None:
    losses = Losses(60.0, Clock())
    losses.look(["web server"], is_well=False)
    assert losses.look(["web server", "events worker"], is_well=False) == Turn(("events worker",), ("events worker",))


def test_what_was_lost_is_found_when_all_has_run_for_a_while() -> None:
    clock = Clock()
    losses = Losses(60.0, clock)
    losses.look(["events worker"], is_well=False)
    losses.look(["events worker", "web server"], is_well=False)
    clock.now_s = 30
    losses.look([], is_well=False)
    clock.now_s = 89
    assert losses.look([], is_well=True) == Turn()
    clock.now_s = 90
    assert losses.look([], is_well=True) == Turn(found=("events worker", "web server"))
    assert losses.look([], is_well=True) == Turn()
    assert losses.look(["events worker"], is_well=False).lost == ("events worker",)
