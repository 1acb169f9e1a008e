"""An optional second opinion: a real `alloy validate` on the assembled text, where one is installed.

Our own checks know the language and the rules of modules; Alloy itself also knows every component's arguments. The text
is wrapped as collectors get it, because Alloy takes a file for a root configuration.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import tempfile
from contextlib import suppress
from pathlib import Path

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.fleet.assembly import assemble, choose_ident, compile_pipeline
from quarterdeck.fleet.pipeline import PipelineDraft

_log = logging.getLogger(__name__)

TIMEOUT = 20.0
"""Seconds for one run; one that takes longer counts as no objection."""
MAX_SHOWN = 2000
"""Characters of what the command says that are passed on."""


class AlloyBinary:
    """Runs a command such as `alloy validate` with the path of a text; exit code 0 is consent."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    async def check(self, draft: PipelineDraft, field: str) -> None:
        """Raises Invalid with what the command said. A command that cannot be run, or hangs, objects to nothing."""
        ident = choose_ident(draft.name, ())
        compiled = compile_pipeline(ident=ident, name=draft.name, contents=draft.contents)
        said = await self._run(assemble([compiled], {"collector.ID": "validation"}))
        if said is not None:
            where = f"{field}.contents"
            raise Invalid(
                Reason.CONTENTS_INVALID,
                f"{where}: refused by {self._command[0]}: {said}",
                violations=(FieldViolation(where, said),),
            )

    async def _run(self, text: str) -> str | None:
        handle, name = await asyncio.to_thread(tempfile.mkstemp, suffix=".alloy")
        path = Path(name)
        try:
            os.close(handle)
            await asyncio.to_thread(path.write_text, text, encoding="utf-8")
            return await self._output(name)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _output(self, name: str) -> str | None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                name,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            _log.warning("%s cannot be run and was not asked: %s", self._command[0], error.strerror)
            return None
        try:
            async with asyncio.timeout(TIMEOUT):
                output, _ = await process.communicate()
        except TimeoutError:
            _log.warning("%s took longer than %g s and was not waited for", self._command[0], TIMEOUT)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            return None
        if process.returncode == 0:
            return None
        said = output.decode("utf-8", "replace").replace(name, "config").strip()
        return " ".join(said.split())[:MAX_SHOWN] or f"exit code {process.returncode}"
