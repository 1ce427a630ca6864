"""The socket that web processes accept on. Several may share one: the kernel gives each connection to one
of them, and those that wait in its queue while one process ends are taken by the next."""

import resource
import socket

QUEUE = 2048  # connections that wait to be accepted; the kernel bounds it by net.core.somaxconn
# Connections that a process takes at one turn of its loop: more, and one of several would get them all.
AT_ONCE = 8


def listen(host: str, port: int) -> socket.socket:
    """Raises OSError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host.strip("[]"), port))
    listening.listen(QUEUE)
    return listening


def adopt(descriptor: int) -> socket.socket:
    """A socket that somebody else opened and passed on: the supervisor, or systemd."""
    return socket.socket(fileno=descriptor)


def raise_descriptor_limit() -> None:
    """As many open files as this user may have: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
