import gzip, asyncio, json, base64
import pytest
from tests.protocols.live_server import *
A=bearer(ADMIN_TOKEN)
async def test_x(live):
    h=live.http
    async def show(name, coro):
        try:
            r=await coro
            print(f"{name:45} {r.status_code} {r.headers.get('content-type')} rid={'x-request-id' in r.headers} {r.text[:170]!r}")
        except Exception as e:
            print(f"{name:45} EXC {type(e).__name__} {e}")
    P="/testing.v1.EchoService/Echo"; R="/test/v1/echo"; G="/testing.v1.EchoService/Read"
    J={**A,"content-type":"application/json"}; B={**A,"content-type":"application/proto"}
    bodies={"empty":b"","open":b"{","list":b"[]","null":b"null","str":b'"x"',"two":b"{}{}","single":b"{'a':1}","thing5":b'{"thing":5}',
     "small":b'{"thing":{"small":"x"}}',"1e400":b'{"thing":{"weight":1e400}}',"sur":b'{"thing":{"name":"\\ud800"}}',"surkey":b'{"thing":{"labels":{"\\ud800":"x"}}}',"surunk":b'{"\\ud800":1}',"utf8":b'{"thing":{"name":"\xff"}}',"nul":b'{"thing":{"name":"\x00"}}',"nulesc":b'{"thing":{"name":"\\u0000"}}',"bom":b'\xef\xbb\xbf{}',
     "deeparr":b'{"thing":{"value":'+b"["*10000+b"]"*10000+b"}}","deepunk":b'{"x":'+b"["*10000+b"]"*10000+b"}","deepobj":b'{"thing":{"metadata":'+b'{"a":'*10000+b"1"+b"}"*10001+b"}","deepinner":b'{"thing":'+b'{"inner":'*5000+b"{}"+b"}"*5001,
     "NaN":b'{"thing":{"weight":NaN}}',"digits":b'{"thing":{"small":'+b"9"*100000+b"}}","digitsstr":b'{"thing":{"big":"'+b"9"*100000+b'"}}',"dup":b'{"note":"a","note":"b"}',"many":b'{"thing":{"tags":['+b'"",'*900000+b'""]}}'}
    for n,b in bodies.items():
        await show("json "+n, h.post(P,content=b,headers=J))
        await show("rest "+n, h.post(R,content=b,headers=J))
        if len(b)<60000: 
            m=base64.urlsafe_b64encode(b).decode().rstrip("=")
            await show("get  "+n, h.get(f"{G}?connect=v1&encoding=json&base64=1&message={m}",headers=A))
    deep=b""
    for _ in range(3000):
        deep=b"\x12"+_v(len(deep))+deep if False else deep
    pb={"trunc":b"\x0a\x05a","badtype":b"\x0f","utf8":b"\x12\x01\xff","zero":b"","field0":b"\x00\x00","biglen":b"\x0a\xff\xff\xff\xff\x7f","varint11":b"\x20"+b"\xff"*11,"group":b"\x0b"*20000}
    for n,b in pb.items():
        await show("proto "+n, h.post(P,content=b,headers=B))
    hd={"no ct":{},"ct text":{"content-type":"text/plain"},"ct weird":{"content-type":"application/json/x; \x7f"},"ct xml":{"content-type":"application/xml"},"ct multi":{"content-type":"application/json, application/proto"},"ct grpc":{"content-type":"application/grpc"},"ct grpc+json":{"content-type":"application/grpc+json"},"ct connect+json":{"content-type":"application/connect+json"},"ct utf16":{"content-type":"application/json; charset=utf-16"},"ct upper":{"content-type":"Application/JSON"},"ct protobuf":{"content-type":"application/protobuf"},
      "enc br":{**J,"content-encoding":"br"},"enc gzip bad":{**J,"content-encoding":"gzip"},"enc ident":{**J,"content-encoding":"identity"},"enc multi":{**J,"content-encoding":"gzip, gzip"},"enc GZIP":{**J,"content-encoding":"GZIP"},"enc zstd":{**J,"content-encoding":"zstd"},
      "cpv2":{**J,"connect-protocol-version":"2"},"cpv empty":{**J,"connect-protocol-version":""},"ctm abc":{**J,"connect-timeout-ms":"abc"},"ctm -1":{**J,"connect-timeout-ms":"-1"},"ctm long":{**J,"connect-timeout-ms":"99999999999"},"ctm 0":{**J,"connect-timeout-ms":"0"},"ctm 1e3":{**J,"connect-timeout-ms":"1e3"},"ctm 9999999999":{**J,"connect-timeout-ms":"9999999999"},"ae weird":{**J,"accept-encoding":"br;q=x, gzip;q=zz"},"grpc-timeout":{**A,"content-type":"application/grpc-web+proto","grpc-timeout":"x"},"grpc-enc":{**A,"content-type":"application/grpc-web+proto","grpc-encoding":"br"},
      "nonascii hdr":{**J,"x-a":b"\xff\xfe"},"nonascii2":{**J,"x-a":"é".encode()}}
    for n,x in hd.items():
        await show("hdr "+n, h.post(P,content=b"{}",headers={**A,**x}))
        if n.startswith(("ct","enc","no")): await show("rest hdr "+n, h.post(R,content=b"{}",headers={**A,**x}))
    bomb=gzip.compress(b" "*(100<<20))
    print(len(bomb))
    for n,b in {"bomb":bomb,"trunc":gzip.compress(b"{}"*100)[:-5],"trailing":gzip.compress(b"{}")+b"junk","multi":gzip.compress(b"{")+gzip.compress(b"}")}.items():
        await show("gz "+n, h.post(P,content=b,headers={**J,"content-encoding":"gzip"}))
        await show("gz rest "+n, h.post(R,content=b,headers={**J,"content-encoding":"gzip"}))
        await show("gz upload "+n, h.post("/test/v1/upload",content=b,headers={**A,"content-encoding":"gzip"}))
    L=4*1024*1024
    for d in (-1,0,1):
        b=b"{}".ljust(L+d)
        await show(f"size {d}", h.post(P,content=b,headers=J))
        await show(f"size rest {d}", h.post(R,content=b,headers=J))
        async def gen():
            for i in range(0,len(b),65536): yield b[i:i+65536]
        await show(f"size chunked {d}", h.post(P,content=gen(),headers=J))
    q={"no message":"?encoding=json","bad b64":"?encoding=json&base64=1&message=*","bad b64len":"?encoding=json&base64=1&message=a","enc xml":"?encoding=xml&message=","no enc":"?message=%7B%7D","compr br":"?encoding=json&message=%7B%7D&compression=br","compr gz bad":"?encoding=json&message=%7B%7D&compression=gzip","connect v2":"?connect=v2&encoding=json&message=%7B%7D","utf8":"?encoding=json&message=%ff","pct":"?encoding=json&message=%zz","nul":"?encoding=json&message=%00","empty json":"?encoding=json&message=","empty proto":"?encoding=proto&message=","base64 nonascii":"?encoding=json&base64=1&message=%C3%A9","base64=2":"?encoding=json&base64=2&message=%7B%7D","twice":"?encoding=json&message=%7B%7D&message=%7B","long":"?encoding=json&message="+"x"*65000, "connect missing":"?encoding=json&message=%7B%7D"}
    for n,x in q.items(): await show("get "+n, h.get(G+x,headers=A))
    for v in ("PATCH","DELETE","HEAD","OPTIONS","TRACE","PUT","GET","BREW"):
        await show("verb "+v, h.request(v,P,headers=A))
        await show("verb rest "+v, h.request(v,R,headers=A))
        await show("verb page "+v, h.request(v,"/healthz",headers=A))
