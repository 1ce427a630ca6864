"""NeMo Curator over what `manage.py export_training_data` wrote: `python curate.py EXPORT CURATED`.

Runs where NeMo Curator is installed, on no machine of the product. The export has removed what is the same or
nearly, and what says who somebody is; this looks for what only the whole of a text shows, and writes the two
files anew of what is left. Who was to be trained on stays so.
"""

import json
import sys
from pathlib import Path

from nemo_curator.pipeline import Pipeline
from nemo_curator.stages.text.filters import ScoreFilter
from nemo_curator.stages.text.filters.heuristic import NonAlphaNumericFilter, WordCountFilter
from nemo_curator.stages.text.filters.heuristic.repetition import RepeatedLinesFilter
from nemo_curator.stages.text.io.reader import JsonlReader
from nemo_curator.stages.text.io.writer import JsonlWriter

FILTERS = (
    WordCountFilter(min_words=10, max_words=4_000),
    NonAlphaNumericFilter(max_non_alpha_numeric_to_text_ratio=0.4),
    RepeatedLinesFilter(max_repeated_line_fraction=0.7),
)


def main(export: Path, curated: Path) -> None:
    pipeline = Pipeline(name="conversations")
    source = str(export / "documents.jsonl")
    pipeline.add_stage(JsonlReader(file_paths=source, fields=["id", "text", "messages", "split"]))
    for chosen in FILTERS:
        pipeline.add_stage(ScoreFilter(filter_obj=chosen, text_field="text"))
    pipeline.add_stage(JsonlWriter(path=str(curated / "documents")))
    pipeline.run()
    for split in ("training", "validation"):
        (curated / split).mkdir(parents=True, exist_ok=True)
        with (curated / split / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for document in documents(curated / "documents"):
                if document["split"] == split:
                    file.write(json.dumps({"messages": document["messages"]}, ensure_ascii=False) + "\n")


def documents(folder: Path):
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
