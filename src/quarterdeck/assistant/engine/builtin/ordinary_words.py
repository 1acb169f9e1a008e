"""Words that stand beside `pipeline` and `collector` in questions and are no names. Quotes make a name of any word."""

from __future__ import annotations

from typing import Final

_WORDS: Final = """
turn switch revert restore rollback describe preview investigate diagnose explain list print read open display count
a about active affected after against agent agents ago alert alerts all also always am an and another any
anybody anymore anyone anything applied applies apply applying are aren't around as assigned at back bad be because
been before behave being best big body both broken but by can can't cannot caused change changed changelog
changes changing check collector collectors config configs configuration configurations configured content
contents could count create created currently data day days dead definition deleted deploy deployed details did
didn't diff different disable disabled do does doesn't doesnt doing don't done dont down each edit edited edits
either else enable enabled error errors even ever every everybody everyone everything exactly exist exists fail
failed failing fails failure failure's failures few fine fires firing first fleet for from gain gained get gets
getting give given go goes going gone good got had happen happened happening happens has hasn't have haven't
having health healthy help her here his history hour hours how i id if in inactive incident incidents info
information instead into is isn't isnt issue issues it its itself just last lately latest latter least like list
log logs long look lose lost made make many match matched matcher matchers matches matching may me metric
metrics might mine minute minutes missing modified modifies modify monitoring more most much must my name named
names need needed needs never new newest next no nobody nobody's none not nothing now number of off offline
offline's often ok okay old on once one ones only open or order other others our out over overview own owner
page paging per pipeline pipelines please problem problems profiles rank reach reached reaches receive received
receives receiving recent recently reject rejected rejects remote rendered report reports revision revisions
right roll rolled rolling rollout rollouts run running runs same samples see seen select selected selects send
sending sends sent series served server service services set shall she should show shows side silent since so
some somebody someone something somewhere sort source stale state states status still stop stopped stops such
sudden suddenly summary switched telemetry tell text texts than that the their them then there these they thing
things this those time timeline to today together too touch touched touches trace traces trouble try turned two
type under unhealthy unseen until up update updated updates us use used user users uses using version versions
very want was wasn't way we week weeks well went were what what's whatever when where whether which while who
whole whom whose why will with within without won't work working works would wrong yesterday yet you your
"""

ORDINARY: Final = frozenset(_WORDS.split())
"""In lower case."""

SIGNALS: Final = frozenset({"errors", "logs", "metrics", "profiles", "samples", "telemetry", "traces"})
"""Ordinary words that pipelines are called by: directly behind `pipeline` each is a name."""
