import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from quarterdeck.gen.incident.v1 import user_pb2 as _user_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(_message.Message):
    __slots__ = ("task_id", "immutable", "created_time", "modified_time", "text", "status", "author_user", "assigned_user")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_USER_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_USER_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    immutable: bool
    created_time: _timestamp_pb2.Timestamp
    modified_time: _timestamp_pb2.Timestamp
    text: str
    status: str
    author_user: _user_pb2.UserPreview
    assigned_user: _user_pb2.UserPreview
    def __init__(self, task_id: _Optional[str] = ..., immutable: _Optional[bool] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., status: _Optional[str] = ..., author_user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., assigned_user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ...) -> None: ...

class TaskList(_message.Message):
    __slots__ = ("tasks", "todo_count", "done_count")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    TODO_COUNT_FIELD_NUMBER: _ClassVar[int]
    DONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[Task]
    todo_count: int
    done_count: int
    def __init__(self, tasks: _Optional[_Iterable[_Union[Task, _Mapping]]] = ..., todo_count: _Optional[int] = ..., done_count: _Optional[int] = ...) -> None: ...
