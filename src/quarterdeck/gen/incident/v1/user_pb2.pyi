import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UserPreview(_message.Message):
    __slots__ = ("user_id", "name", "photo_url")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHOTO_URL_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    name: str
    photo_url: str
    def __init__(self, user_id: _Optional[str] = ..., name: _Optional[str] = ..., photo_url: _Optional[str] = ...) -> None: ...

class User(_message.Message):
    __slots__ = ("user_id", "internal_user_id", "email", "modified_time", "name", "photo_url", "grafana_user_id", "grafana_login", "slack_user_id", "slack_team_id", "ms_teams_user_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    INTERNAL_USER_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_TIME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHOTO_URL_FIELD_NUMBER: _ClassVar[int]
    GRAFANA_USER_ID_FIELD_NUMBER: _ClassVar[int]
    GRAFANA_LOGIN_FIELD_NUMBER: _ClassVar[int]
    SLACK_USER_ID_FIELD_NUMBER: _ClassVar[int]
    SLACK_TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    MS_TEAMS_USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    internal_user_id: str
    email: str
    modified_time: _timestamp_pb2.Timestamp
    name: str
    photo_url: str
    grafana_user_id: str
    grafana_login: str
    slack_user_id: str
    slack_team_id: str
    ms_teams_user_id: str
    def __init__(self, user_id: _Optional[str] = ..., internal_user_id: _Optional[str] = ..., email: _Optional[str] = ..., modified_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., name: _Optional[str] = ..., photo_url: _Optional[str] = ..., grafana_user_id: _Optional[str] = ..., grafana_login: _Optional[str] = ..., slack_user_id: _Optional[str] = ..., slack_team_id: _Optional[str] = ..., ms_teams_user_id: _Optional[str] = ...) -> None: ...
