from pipeline.manager.losses import Losses, Turn

WORKER, WEB = "events worker", "web server"
WELL, UNWELL = Turn(), Turn(is_well=False)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_process_that_is_given_up_again_and_again_is_told_once() -> None:
    clock = Clock()
    losses = Losses(60.0, clock)
    assert losses.look([], []) == WELL
    assert losses.look([WORKER], []) == Turn((WORKER,), lost=(WORKER,), is_well=False)
    assert losses.look([WORKER], []) == UNWELL
    clock.now_s = 61
    assert losses.look([], [WORKER]) == UNWELL  # it is tried again
    clock.now_s = 65
    assert losses.look([], []) == WELL
    assert losses.look([WORKER], []) == Turn((WORKER,), is_well=False)


def test_a_second_process_is_told_while_the_first_is_gone() -> None:
    losses = Losses(60.0, Clock())
    losses.look([WEB], [])
    assert losses.look([WEB, WORKER], []) == Turn((WORKER,), (WORKER,), is_well=False)


def test_what_was_lost_is_found_when_it_has_run_for_a_while() -> None:
    clock = Clock()
    losses = Losses(60.0, clock)
    losses.look([WORKER], [])
    losses.look([WORKER, WEB], [])
    clock.now_s = 30
    losses.look([], [WEB])
    clock.now_s = 89
    assert losses.look([], []) == WELL
    clock.now_s = 90
    assert losses.look([], []) == Turn(found=(WORKER, WEB))
    assert losses.look([], []) == WELL
    assert losses.look([WORKER], []).lost == (WORKER,)


def test_a_camera_that_is_tried_for_ever_keeps_nothing_else_lost() -> None:
    clock = Clock()
    losses = Losses(60.0, clock)
    assert losses.look([], ["camera gate"]) == WELL
    losses.look([WORKER], ["camera gate"])
    assert losses.look([], ["camera gate", WORKER]) == UNWELL
    assert losses.look([], ["camera gate"]) == WELL
    clock.now_s = 60
    assert losses.look([], ["camera gate"]) == Turn(found=(WORKER,))
