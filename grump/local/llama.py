"""One llama.cpp server with its OpenAI-compatible HTTP interface, in a process of its own.

A process of its own because llama.cpp aborts it on a bad model file. The supervisor runs this file by its
path, so nothing of the product is imported here: that keeps the start under a second.
"""

import argparse
import os
import signal
import threading

# A conversation's window and how many run at once. A window costs 22 KB a token whether it is used or not.
CHAT_WINDOW = 2048
CHAT_SLOTS = 4
EMBEDDING_INPUT = 512  # tokens, all-MiniLM's position table
MOST_THREADS = 8  # small models stop gaining, and start to spin, beyond this


def threads(most: int = MOST_THREADS) -> int:
    """Half of the cores this process may use, at most `most`.

    Its threads wait for each other at every layer by spinning, so one that shares its core with the web
    server stops them all: on two busy cores two threads wrote 4 tokens a second and one wrote 23.
    """
    return max(1, min(most, len(os.sched_getaffinity(0)) // 2))


def _parameters(arguments: argparse.Namespace):
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = arguments.model
    parameters.model_alias = {arguments.alias}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = arguments.port
    parameters.ui = False
    parameters.endpoint_slots = False  # it would show one user's prompt to another process
    parameters.verbosity = 1
    if arguments.kind == "chat":
        parameters.n_parallel = CHAT_SLOTS
        parameters.n_ctx = CHAT_SLOTS * CHAT_WINDOW
        parameters.cache_ram_mib = 0  # prompts stay cached in their slots; no second copy in memory
        parameters.cpuparams.n_threads = threads()
    else:
        parameters.embedding = True
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        parameters.n_parallel = CHAT_SLOTS
        # An input must fit one batch whole: attention runs both ways.
        parameters.n_ctx = CHAT_SLOTS * EMBEDDING_INPUT
        parameters.n_batch = parameters.n_ubatch = EMBEDDING_INPUT
        parameters.cpuparams.n_threads = threads(1)
    return parameters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["chat", "embeddings"])
    parser.add_argument("--model", required=True, help="path of a GGUF file")
    parser.add_argument("--alias", required=True, help="the model's name for clients")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()

    import xllamacpp

    # It holds no state worth an orderly end, and its threads would finish the answers in flight first.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: os._exit(0))
    server = xllamacpp.Server(_parameters(arguments))
    print(f"{arguments.alias} listens on {server.listening_address}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
