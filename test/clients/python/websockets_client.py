"""Python's `websockets` as a client that tests command.

One JSON object per line comes in on stdin, and one goes out on stdout for each, in order: what was asked
for under "result", or the failure under "error".
"""

import asyncio
import base64
import json
import sys

import websockets


def to_wire(message):
    if isinstance(message, bytes):
        return {"base64": base64.b64encode(message).decode()}
    return {"text": message}


def from_wire(message):
    return base64.b64decode(message["base64"]) if "base64" in message else message["text"]


def cut(message, fragments):
    size = max(1, -(-len(message) // fragments))
    pieces = [message[start:start + size] for start in range(0, len(message), size)]
    empty = message[:0]
    return pieces + [empty] * (fragments - len(pieces))


async def echo(url, message, fragments):
    async with websockets.connect(url) as client:
        data = from_wire(message)
        await client.send(data if fragments == 1 else iter(cut(data, fragments)))
        return to_wire(await client.recv())


async def ping(url, text):
    async with websockets.connect(url) as client:
        await (await client.ping(text))
        return text


async def receive(url):
    async with websockets.connect(url) as client:
        return to_wire(await client.recv())


async def close(url, code, reason):
    client = await websockets.connect(url)
    await client.close(code, reason)
    return {"code": client.close_code, "reason": client.close_reason}


async def wait_for_close(url):
    client = await websockets.connect(url)
    await client.wait_closed()
    return {"code": client.close_code, "reason": client.close_reason}


COMMANDS = {
    "echo": echo,
    "ping": ping,
    "receive": receive,
    "close": close,
    "wait_for_close": wait_for_close,
}


async def main():
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            answer = {"result": await COMMANDS[command.pop("do")](**command)}
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
