"""Run as a process of its own: reads an output up to its first piece, says so, and waits to be killed."""

import asyncio
import sys

from tests.host.client import Client, start_message


async def main(address: str) -> None:
    """Call the engine at `address`."""
    call = Client(address).call([start_message()])
    while (part := (await call.read()).WhichOneof("part")) != "output_chunk":
        pass
    sys.stdout.write(f"{part}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
