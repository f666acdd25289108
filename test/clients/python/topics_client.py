"""A client of topics, written from docs/topics-wire.md alone.

Usage: topics_client.py URL. Subscribes to rooms/python from the start, publishes three events, loses its
connection after the second, resumes, and prints what it has seen as one line of JSON. An event that is
larger than a message of the server may be is not sent.
"""

import asyncio
import json
import sys

import websockets

PROTOCOL = "v1.json.topics.towpath"
TOPIC = "rooms/python"


class Client:
    def __init__(self, url):
        self.url = url
        self.client = None
        self.position = None
        self.seen = []
        self.sequence = 0
        self.unanswered = {}
        self.answers = []
        self.limit = None

    async def connect(self):
        self.socket = await websockets.connect(self.url, subprotocols=[PROTOCOL])
        topic = {"topic": TOPIC, "from": "start"}
        if self.position is not None:
            topic = {"topic": TOPIC, **self.position, "away": 10}
        await self.say({"type": "hello", "client": self.client, "topics": [topic]})
        welcome = await self.hear()
        assert welcome["type"] == "welcome", welcome
        self.client = welcome["client"]
        self.limit = welcome["limits"].get("messageBytes")
        for message in list(self.unanswered.values()):
            await self.say(message)

    async def say(self, message):
        await self.socket.send(json.dumps(message))

    async def hear(self):
        return json.loads(await self.socket.recv())

    async def publish(self, data):
        self.sequence += 1
        message = {"type": "publish", "id": self.sequence, "topic": TOPIC}
        message.update(seq=self.sequence, data=data)
        if self.limit is not None and len(json.dumps(message)) > self.limit:
            self.answers.append("too large")
            return
        self.unanswered[self.sequence] = message
        await self.say(message)

    async def receive(self):
        message = await self.hear()
        kind = message["type"]
        if kind == "subscribed" and self.position is None:
            self.position = {"epoch": message["epoch"], "offset": message["offset"]}
        elif kind == "event" and message["offset"] > self.position["offset"]:
            self.position["offset"] = message["offset"]
            self.seen.append(message["data"])
        elif kind == "gap":
            self.position = {"epoch": message["epoch"], "offset": message["before"] - 1}
            self.seen.append("gap")
        elif kind == "published":
            self.unanswered.pop(message["id"], None)
            self.answers.append([message["offset"], message["duplicate"]])
        return message

    async def until(self, is_so):
        while not is_so():
            await self.receive()


async def main(url):
    client = Client(url)
    await client.connect()
    await client.publish("one")
    await client.until(lambda: len(client.seen) == 1 and len(client.answers) == 1)
    await client.publish("two")
    # The answer is lost with the connection.
    while True:
        message = await client.hear()
        if message["type"] == "published":
            break
    client.socket.transport.abort()
    await client.connect()
    await client.publish("x" * 2_000_000)
    await client.publish("three")
    await client.until(lambda: len(client.seen) == 3 and len(client.answers) == 4)
    await client.socket.close()
    print(json.dumps({"seen": client.seen, "answers": client.answers}))


asyncio.run(main(sys.argv[1]))
