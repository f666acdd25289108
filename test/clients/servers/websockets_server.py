"""The server of the tests of our client, on Python's websockets (Debian: python3-websockets)."""

import asyncio
import http
import json
import sys

try:
    from websockets.asyncio.server import serve  # 13 and up

    def refusal(connection, request):
        if request.path == "/refuse":
            response = connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        if request.path == "/redirect":
            response = connection.respond(http.HTTPStatus.FOUND, "")
            response.headers["Location"] = "/echo"
            return response
        return None

    def path_of(socket):
        return socket.request.path

except ImportError:
    from websockets.server import serve

    async def refusal(path, _headers):
        if path == "/refuse":
            return http.HTTPStatus.UNAUTHORIZED, [("WWW-Authenticate", "Bearer")], b"who are you?"
        if path == "/redirect":
            return http.HTTPStatus.FOUND, [("Location", "/echo")], b""
        return None

    def path_of(socket):
        return socket.path


def say(line):
    print(line, flush=True)


async def serve_one(socket):
    _, name, *detail = path_of(socket).split("/")
    if name == "echo":
        async for message in socket:
            await socket.send(message)
    elif name == "close":
        await socket.close(int(detail[0]), "that is all ✓")
    elif name == "told":
        await socket.wait_closed()
        say(json.dumps({"code": socket.close_code, "reason": socket.close_reason}))
    elif name == "drop":
        await socket.recv()
        socket.transport.abort()
    elif name == "pinged":
        waiter = await socket.ping("still there?")
        await waiter
        await socket.send("still there?")
        await socket.wait_closed()
    elif name == "flood":
        for index in range(256):
            await socket.send(bytes([index]) * 65536)
        await socket.wait_closed()
    elif name == "fragments":
        await socket.send(["grü", "", "ße"])
        await socket.wait_closed()


async def main():
    options = {"process_request": refusal, "subprotocols": ["v2.chat"], "max_size": 1 << 25}
    async with serve(serve_one, "127.0.0.1", 0, **options) as server:
        say(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
