"""`Speech`: a model's answer on its way into the log, while the model is still speaking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from quarterdeck.assistant.engine.engine import Delta
from quarterdeck.assistant.running.journal import RunJournal
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import Figures

_GRACE: Final = 0.012
"""Seconds between a model's beginning and the notice of it; one that is done by then needs none."""
_QUIET: Final = 0.003
"""Seconds without another piece before that notice goes out."""
_DELTA_PAUSE: Final = 0.05
"""Seconds between two pieces of text in the log, at least."""


class Speech:
    """The pieces of one answer on their way into the log: a few times a second, however fast they come."""

    def __init__(self, journal: RunJournal, step: int, *, streams: bool) -> None:
        self._journal = journal
        self._step = step
        self._streams = streams
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._begun = False
        self._pieces = 0

    def more(self, delta: Delta, begun: Callable[[], Figures] | None) -> None:
        """One more piece. `begun` makes the figures for the notice that the first answer has begun; None: no notice."""
        self._pieces += 1
        if not self._streams:
            if not self._begun and begun is not None:
                self._timer = asyncio.get_running_loop().call_later(_GRACE, self._wait_for_quiet, begun())
            self._begun = True
            return
        if not delta.text:
            return
        (self._thinking if delta.is_thinking else self._text).append(delta.text)
        if not self._begun:
            self._begun = True
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELTA_PAUSE, self._write)

    def end(self) -> None:
        """Nothing more comes: what is left is written, and no notice any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._write()

    def _wait_for_quiet(self, figures: Figures) -> None:
        """A quick model whose pieces are there already, on a busy machine, is not a slow one."""
        self._timer = asyncio.get_running_loop().call_later(_QUIET, self._tell_begun, figures, self._pieces)

    def _tell_begun(self, figures: Figures, pieces: int) -> None:
        if self._pieces != pieces:
            self._wait_for_quiet(figures)
            return
        self._journal.add(answer_begun=run_pb2.AnswerBegun(step=self._step, figures=figures))

    def _write(self) -> None:
        self._timer = None
        if thinking := "".join(self._thinking):
            self._journal.add(thinking_delta=run_pb2.TextDelta(step=self._step, text=thinking))
        if text := "".join(self._text):
            self._journal.add(text_delta=run_pb2.TextDelta(step=self._step, text=text))
        self._thinking, self._text = [], []
