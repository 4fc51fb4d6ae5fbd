"""`python -m benchmarks.worker PEER LOOP`: a process with one peer in it, which takes orders and answers with samples.

A process for each peer keeps their memory, threads and crashes apart. What a sample needs is opened for it, in an
event loop of its own, and closed with it; in between the process waits for its standard input and does nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from benchmarks import loops
from benchmarks.cells import CELLS
from benchmarks.cells.cell import Setting
from benchmarks.orders import Answer, Order
from benchmarks.peers import load
from benchmarks.peers.door import NotOffered
from benchmarks.placement import pin


def take_sample(peer_name: str, loop: str, order: Order) -> Answer:
    """Follow an order. What goes wrong is the answer: nothing a peer raises ends the run."""
    try:
        setting = Setting(load(peer_name), order.nodes, order.effort)
        if order.cores is not None:
            pin(os.getpid(), order.cores)
        return Answer(loops.run(CELLS[order.cell].measure(setting), loop))  # type: ignore[arg-type]
    except ImportError as exc:
        return Answer({}, f"not installed: {exc}")
    except NotOffered as exc:
        return Answer({}, f"not offered: {exc}")
    except Exception as exc:
        return Answer({}, reason(exc))


def reason(error: BaseException) -> str:
    """Return the first line of what went wrong; of a group of errors, of the first in it."""
    while inner := getattr(error, "exceptions", ()):
        error = inner[0]
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def serve(peer_name: str, loop: str, orders: TextIO, answers: TextIO) -> None:
    """Answer each line of `orders` with one line, until they end."""
    for line in orders:
        answer = take_sample(peer_name, loop, Order.from_line(line))
        answers.write(answer.to_line() + "\n")
        answers.flush()


if __name__ == "__main__":
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.argv[2], sys.stdin, answers)
