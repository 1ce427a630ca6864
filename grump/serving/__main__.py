"""`python -m grump.serving`: one web process, which leaves without losing anything when it gets SIGTERM."""

import argparse
import os
import socket
import sys

from grump.lib.heap import share_one_heap
from grump.lib.listening import adopt, listen, raise_descriptor_limit


def main() -> None:
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grump.settings")
    raise_descriptor_limit()
    share_one_heap()
    listening: socket.socket = adopt(options.fd) if options.fd >= 0 else listen(options.host, options.port)
    # Each server chooses its event loop while it is imported, before anything of Django's.
    if options.server == "uvicorn":
        from grump.serving import on_uvicorn

        on_uvicorn.serve(listening)
    else:
        from grump.serving import reactor

        reactor.install()
        from grump.serving import on_daphne

        on_daphne.serve(listening)
    sys.exit(0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m grump.serving", description=__doc__)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, default=-1, help="a socket that listens already, in place of both")
    return parser.parse_args()


if __name__ == "__main__":
    main()
