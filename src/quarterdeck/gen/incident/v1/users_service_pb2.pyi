from quarterdeck.gen.incident.v1 import paging_pb2 as _paging_pb2
from quarterdeck.gen.incident.v1 import user_pb2 as _user_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetUserRequest(_message.Message):
    __slots__ = ("user_id",)
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ...) -> None: ...

class GetUserResponse(_message.Message):
    __slots__ = ("user", "error")
    USER_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    user: _user_pb2.User
    error: str
    def __init__(self, user: _Optional[_Union[_user_pb2.User, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class QueryUsersRequest(_message.Message):
    __slots__ = ("query", "cursor")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    query: UsersQuery
    cursor: _paging_pb2.Cursor
    def __init__(self, query: _Optional[_Union[UsersQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ...) -> None: ...

class QueryUsersResponse(_message.Message):
    __slots__ = ("users", "query", "cursor", "error")
    USERS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[_user_pb2.User]
    query: UsersQuery
    cursor: _paging_pb2.Cursor
    error: str
    def __init__(self, users: _Optional[_Iterable[_Union[_user_pb2.User, _Mapping]]] = ..., query: _Optional[_Union[UsersQuery, _Mapping]] = ..., cursor: _Optional[_Union[_paging_pb2.Cursor, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UsersQuery(_message.Message):
    __slots__ = ("limit",)
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    limit: int
    def __init__(self, limit: _Optional[int] = ...) -> None: ...
