"""A client of typed messages that knows nothing but an AsyncAPI document.

    asyncapi_client.py DOCUMENT URL

It reads the subprotocol, the names of the messages and their fields from the document, exercises each
kind of message, and prints one JSON object with what it has seen.
"""

import asyncio
import json
import struct
import sys

import websockets


class Api:
    """The parts of the document that a client needs."""

    def __init__(self, document):
        self.channel = document["channels"]["session"]
        self.operations = document["operations"]
        headers = self.channel["bindings"]["ws"]["headers"]["properties"]
        self.protocols = headers["Sec-WebSocket-Protocol"]["enum"]

    def message(self, reference):
        # JSON Pointer, RFC 6901.
        key = reference["$ref"].rsplit("/", 1)[1]
        return self.channel["messages"][key]

    def operation(self, name):
        """The message that a client sends for an operation, with its constant fields filled in."""
        operation = self.operations[name]
        assert operation["action"] == "receive", name
        return self.message(operation["messages"][0])["payload"]

    def replies(self, name):
        return [self.message(each) for each in self.operations[name]["reply"]["messages"]]


class Client:
    def __init__(self, api, socket):
        self.api = api
        self.socket = socket
        self.last_id = -1

    async def send(self, schema, **fields):
        message = {}
        for key, value in schema["properties"].items():
            if "const" in value:
                message[key] = value["const"]
        message.update(fields)
        for key in schema["required"]:
            assert key in message, (key, message)
        await self.socket.send(json.dumps(message))

    async def ask(self, name, **fields):
        self.last_id += 2
        await self.send(self.api.operation(name), id=self.last_id, **fields)
        return self.last_id

    async def receive(self):
        """A message, or the id and the payload of an item of bytes."""
        frame = await self.socket.recv()
        if isinstance(frame, bytes):
            (number,) = struct.unpack(">I", frame[:4])
            return {"type": ".item", "id": number, "bytes": list(frame[4:])}
        return json.loads(frame)

    def is_reply(self, name, message):
        """Whether the document describes this reply."""
        for reply in self.api.replies(name):
            payload = reply["payload"]
            if "bytes" in message:
                if reply["contentType"] == "application/octet-stream":
                    return True
                continue
            properties = payload.get("properties", {})
            if all(key in message for key in payload.get("required", [])) and all(
                value.get("const", message.get(key)) == message.get(key)
                and message.get(key) in value.get("enum", [message.get(key)])
                for key, value in properties.items()
            ):
                return True
        return False

    async def answer(self, name):
        message = await self.receive()
        assert self.is_reply(name, message), (name, message)
        return message


async def run(document, url):
    api = Api(document)
    credit = api.channel["messages"]["credit"]["payload"]
    cancel = api.channel["messages"]["cancel"]["payload"]
    seen = {}
    async with websockets.connect(url, subprotocols=api.protocols) as socket:
        client = Client(api, socket)
        await client.send(api.operation("client.say"), data={"text": "hello"})
        seen["event"] = await client.receive()

        await client.ask("client.history", data={"room": "a"})
        seen["response"] = await client.answer("client.history")
        await client.ask("client.history", data={"room": "none"})
        seen["failure"] = await client.answer("client.history")
        await client.ask("client.history", data={"room": 1})
        seen["invalid"] = await client.answer("client.history")

        # A stream with a credit of two: more is given after two items.
        number = await client.ask("client.watch", data={"room": "abc"}, credit=2)
        items = []
        while True:
            message = await client.answer("client.watch")
            if message["type"] == ".end":
                seen["end"] = message["data"]
                break
            items.append(message["data"]["n"])
            if len(items) % 2 == 0:
                await client.send(credit, id=number, items=2)
        seen["items"] = len(items)

        # A stream that is given up; the next answer belongs to the next request.
        number = await client.ask("client.watch", data={"room": "abc"}, credit=0)
        await client.send(cancel, id=number)
        await client.ask("client.ping")
        seen["after cancel"] = await client.answer("client.ping")

        # An upload, as the server has room.
        number = await client.ask("client.load")
        operation = api.operations["client.load"]
        item, end = [api.message(each)["payload"] for each in operation["messages"][1:]]
        room, sent = 0, 0
        while sent < 40:
            if room == 0:
                message = await client.receive()
                assert message["type"] == ".credit" and message["id"] == number, message
                room = message["items"]
            await client.send(item, id=number, data={"n": 1})
            room, sent = room - 1, sent + 1
        await client.send(end, id=number)
        message = await client.receive()
        while message["type"] == ".credit":
            message = await client.receive()
        assert client.is_reply("client.load", message), message
        seen["upload"] = message["data"]

        await client.ask("client.file", credit=9)
        seen["bytes"] = [(await client.answer("client.file")).get("bytes") for _ in range(3)]

        # An invalid event ends the session.
        await client.send(api.operation("client.say"), data={"text": 1})
        try:
            await socket.recv()
        except websockets.ConnectionClosed:
            seen["close"] = [socket.close_code, socket.close_reason]
    return seen


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    print(json.dumps(asyncio.run(run(document, sys.argv[2]))))


main()
