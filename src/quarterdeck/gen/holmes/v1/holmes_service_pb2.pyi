from google.api import annotations_pb2 as _annotations_pb2
from quarterdeck.gen.holmes.v1 import chat_pb2 as _chat_pb2
from quarterdeck.gen.holmes.v1 import investigate_pb2 as _investigate_pb2
from quarterdeck.gen.holmes.v1 import server_pb2 as _server_pb2
from quarterdeck.gen.holmes.v1 import stream_pb2 as _stream_pb2
from quarterdeck.gen.holmes.v1 import workload_health_pb2 as _workload_health_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
