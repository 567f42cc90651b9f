"""A signal pauses a run at the end of its step; a second Ctrl-C stops it at once."""

from __future__ import annotations

import os
import signal
import threading
from types import SimpleNamespace

import pytest

from saddlepoint.training.interruption import pausing
from saddlepoint.training.loop import play
from tests.training.games import OnePlayer, RandomBatches, settings, start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_pauses_training_in_the_middle_of_a_tick(number):
    model, training = OnePlayer(), settings()
    state = start(model, training)

    class Signalling(RandomBatches):
        def __getitem__(self, index):
            if index == 7:
                os.kill(os.getpid(), number)
            return super().__getitem__(index)

    before = signal.getsignal(number)
    with pausing(state):
        yields = []
        for record in play(model, Signalling(), training, state):
            yields.append(record and record.step)
            if state.pause:
                break
    assert yields == [5, None]
    assert state.step == 8
    assert signal.getsignal(number) is before


def test_a_second_interrupt_stops_at_once_and_the_handlers_are_restored():
    state = SimpleNamespace(pause=False)
    before = signal.getsignal(signal.SIGINT)
    with pausing(state):
        os.kill(os.getpid(), signal.SIGINT)
        assert state.pause
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_nothing_is_installed():
    seen = []

    def inside():
        with pausing(SimpleNamespace(pause=False)):
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]
