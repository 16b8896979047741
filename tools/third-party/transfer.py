#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""transfer.py LEFT RIGHT BYTES ADDRESS...: send so many random bytes by TCP from the network
namespace LEFT to each of these addresses in RIGHT, and check that the same bytes come back."""

import os
import socket
import sys
import threading

SECONDS = 60


def enter(namespace):
    """Move this thread to a network namespace."""
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    os.setns(fd, os.CLONE_NEWNET)
    os.close(fd)


def receive(sock, count):
    data = bytearray()
    while len(data) < count:
        try:
            part = sock.recv(min(count - len(data), 65536))
        except TimeoutError as e:
            peer = sock.getpeername()[0]
            raise TimeoutError(f"{len(data)} of {count} bytes from {peer}") from e
        if not part:
            raise EOFError(f"{len(data)} of {count} bytes")
        data += part
    return bytes(data)


def answer(namespace, address, count, listening):
    enter(namespace)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as server:
        server.settimeout(SECONDS)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, 5001))
        server.listen()
        listening.set()
        sock, _ = server.accept()
        with sock:
            sock.settimeout(SECONDS)
            sock.sendall(receive(sock, count))


def main():
    left, right, count, *addresses = sys.argv[1:]
    enter(left)
    data = os.urandom(int(count))
    for address in addresses:
        listening = threading.Event()
        thread = threading.Thread(
            target=answer, args=(right, address, len(data), listening), daemon=True)
        thread.start()
        if not listening.wait(SECONDS):
            sys.exit(f"{address}: the server does not start")
        with socket.create_connection((address, 5001), SECONDS) as sock:
            sock.sendall(data)
            back = receive(sock, len(data))
        thread.join(SECONDS)
        if back != data:
            sys.exit(f"{address}: received different bytes")


main()
