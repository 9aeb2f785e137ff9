"""How fast the sink can be: a client that does nothing but write mails made beforehand, over four connections.

python -m bench.raw_client PORT COUNT
"""

import asyncio
import sys

from bench.letter import HTML, SENDER, TEXT

CONNECTIONS = 4
BODY = f"Subject: raw\r\n\r\n{TEXT}{HTML}".replace("\r\n", "\n").replace("\n", "\r\n").encode()
MAIL = b"MAIL FROM:<%b>\r\nRCPT TO:<reader@example.net>\r\nDATA\r\n"
ENVELOPE = MAIL % SENDER.partition("<")[2].rstrip(">").encode()


async def send(port: int, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"EHLO raw\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    writer.write(ENVELOPE)
    await _answers(reader, 3)
    for _ in range(count - 1):
        # The next envelope rides with this mail's end: one round trip for each.
        writer.write(BODY + b"\r\n.\r\n" + ENVELOPE)
        await _answers(reader, 4)
    writer.write(BODY + b"\r\n.\r\nQUIT\r\n")
    await _answers(reader, 2)
    writer.close()


async def _answers(reader: asyncio.StreamReader, count: int) -> None:
    for _ in range(count):
        line = await reader.readline()
        if line[:1] not in b"23" or not line:
            raise RuntimeError(f"the sink said {line!r}")


async def send_all(port: int, count: int) -> None:
    await asyncio.gather(*(send(port, count // CONNECTIONS) for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    asyncio.run(send_all(int(sys.argv[1]), int(sys.argv[2])))
