"""What rules and skills add to a question.

A rule joins the system's text; a skill takes the place of its command at the beginning of a prompt.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from quarterdeck.assistant.prompts.prompts import rules_text, skill_question
from quarterdeck.assistant.settings_objects.values import counts_for_chats
from quarterdeck.assistant.store import objects
from quarterdeck.assistant.store.objects import Kind, SettingsObject
from quarterdeck.database import Connection, Database
from quarterdeck.identity.call import Caller

MOST_RULES: Final = 20
MOST_CHARACTERS: Final = 8000
"""Of all rules together; what is more is left out."""

_log = logging.getLogger(__name__)


class Instructions:
    """Reads what counts for a caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def applied(self, caller: Caller, prompt: str) -> tuple[Sequence[str], str]:
        """What joins the system's text, and the prompt as the model gets it."""

        def read(connection: Connection) -> tuple[list[SettingsObject], list[SettingsObject]]:
            seen = [
                objects.list_seen(connection, caller.tenant_id, kind, caller.account_name)
                for kind in (Kind.RULE, Kind.SKILL)
            ]
            return seen[0], seen[1] if prompt.lstrip().startswith("/") else []

        rules, skills = await self._database.read(read)
        text = rules_text(_chosen(rules))
        return ((text,) if text else ()), _with_skill(prompt, skills)


def _chosen(rules: Iterable[SettingsObject]) -> list[tuple[str, str]]:
    """Name and text of those that count, the highest priority first, within the limits."""
    counting = [each for each in rules if each.body["enabled"] and counts_for_chats(each.body["applications"])]
    counting.sort(key=lambda each: -int(each.body["priority"]))
    chosen: list[tuple[str, str]] = []
    left = MOST_CHARACTERS
    for rule in counting:
        text = str(rule.body["rule_content"])
        if len(chosen) < MOST_RULES and len(text) <= left:
            chosen.append((str(rule.body["name"]), text))
            left -= len(text)
        else:
            _log.warning("the rule %r is left out: there are too many, or too long ones", rule.body["name"])
    return chosen


def _with_skill(prompt: str, skills: Iterable[SettingsObject]) -> str:
    command, _, rest = prompt.lstrip().partition(" ")
    first, newline, more = command.partition("\n")
    wanted = first.removeprefix("/").casefold()
    for skill in skills:
        name = skill.body["command_name"]
        if skill.body["command_enabled_at"] and name and name.casefold() == wanted:
            said = f"{more}{' ' if newline and rest else ''}{rest}".strip()
            return skill_question(str(skill.body["name"]), str(skill.body["body"]), said)
    return prompt
