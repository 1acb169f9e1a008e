"""incident.v1.UsersService."""

from __future__ import annotations

from quarterdeck.database import Database
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.gen.incident.v1.user_pb2 import User as UserMessage
from quarterdeck.gen.incident.v1.users_service_pb2 import (
    GetUserRequest,
    GetUserResponse,
    QueryUsersRequest,
    QueryUsersResponse,
    UsersQuery,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.query.cursor import Keyset, decode_cursor, encode_cursor
from quarterdeck.incidents.query.ordering import USERS as LISTING
from quarterdeck.incidents.query.ordering import read_order
from quarterdeck.incidents.query.pages import USERS as PAGES
from quarterdeck.incidents.store import users as store
from quarterdeck.incidents.store.users import Person
from quarterdeck.incidents.users import parse_user_id, public_id


class UsersService:
    """Who can be named in incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_user(self, request: GetUserRequest, call: CallContext) -> GetUserResponse:
        reference = parse_user_id(request.user_id, field="user_id")
        person = await self._database.read(lambda c: store.get_person(c, call.tenant_id, reference))
        return GetUserResponse(user=_message(person))

    async def query_users(self, request: QueryUsersRequest, call: CallContext) -> QueryUsersResponse:
        limit = PAGES.applied(request.query.limit)
        after = _after(request.cursor.next_value)
        found = await self._database.read(lambda c: store.list_people(c, call.tenant_id, after=after, limit=limit + 1))
        page, more = found[:limit], len(found) > limit
        return QueryUsersResponse(
            users=map(_message, page),
            query=UsersQuery(limit=limit),
            cursor=Cursor(next_value=_next(page[-1]) if more else "", has_more=more),
        )


_ORDER = read_order(LISTING)


def _after(cursor: str) -> tuple[str, str] | None:
    keyset = decode_cursor(cursor, _ORDER)
    return None if keyset is None else (str(keyset.value), str(keyset.last_id))


def _next(last: Person) -> str:
    return encode_cursor(_ORDER, Keyset(last.user.name, last.user.id))


def _message(person: Person) -> UserMessage:
    return UserMessage(
        user_id=public_id(person.user.id),
        internal_user_id=person.user.id,
        email=person.user.email,
        modified_time=person.modified_at,
        name=person.user.name,
        photo_url=person.user.photo_url,
        grafana_user_id=person.grafana_user_id,
        grafana_login=person.grafana_login,
        slack_user_id=person.slack_user_id,
        slack_team_id=person.slack_team_id,
        ms_teams_user_id=person.msteams_user_id,
    )
