"""What deploy/nemo/ holds is what NVIDIA's services take, as far as their own client's types say."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from nemo_microservices.types.customization import ConfigCreateParams, HyperparametersParam, JobCreateParams
from nemo_microservices.types.customization.lora_parameters_param import LoraParametersParam
from nemo_microservices.types.customization_training_option_param import CustomizationTrainingOptionParam
from pydantic import TypeAdapter

from chat.gateway.loading import load
from chat.training_data.judging import LONGEST
from chat.training_data.making import DOCUMENTS, TRAINING, VALIDATION
from tests.documents import ROOT

NEMO = ROOT / "deploy/nemo"


def read(name: str) -> dict[str, Any]:
    return json.loads((NEMO / name).read_text())


def held(kind: type, value: dict[str, Any]) -> None:
    """Known names alone, and each of its type; nothing is converted."""
    assert set(value) <= set(kind.__annotations__), set(value) - set(kind.__annotations__)
    TypeAdapter(kind).validate_json(json.dumps(value), strict=True)


def test_the_customizers_configuration_is_one():
    config = read("config.json")
    held(ConfigCreateParams, config)
    for option in config["training_options"]:
        held(CustomizationTrainingOptionParam, option)


def test_the_job_is_one_and_for_a_lora():
    job = read("job.json")
    held(JobCreateParams, job)
    held(HyperparametersParam, job["hyperparameters"])
    held(LoraParametersParam, job["hyperparameters"]["lora"])
    assert job["hyperparameters"]["finetuning_type"] == "lora"


def test_a_wrong_field_would_be_noticed():
    job = read("job.json")
    with pytest.raises(AssertionError):
        held(JobCreateParams, {**job, "datset": job["dataset"]})
    with pytest.raises(ValueError):
        held(HyperparametersParam, {**job["hyperparameters"], "epochs": "two"})
    with pytest.raises(ValueError):
        held(HyperparametersParam, {**job["hyperparameters"], "finetuning_type": "lore"})


def test_the_job_is_run_on_the_configuration_beside_it_which_takes_lora():
    job, config = read("job.json"), read("config.json")
    assert job["config"] == f"{config['namespace']}/{config['name']}"
    kinds = {(option["training_type"], option["finetuning_type"]) for option in config["training_options"]}
    wanted = job["hyperparameters"]
    assert (wanted["training_type"], wanted["finetuning_type"]) in kinds


def test_a_conversation_of_the_export_fits_the_window_it_is_trained_in():
    assert read("config.json")["max_seq_length"] > LONGEST / 4  # characters a token, at least, in English


def test_the_tuned_model_enters_the_catalogue():
    models = load(str(NEMO / "catalogue.toml"), {}).models
    tuned = models["nim-local/nemotron-nano-8b-grump"]
    assert read("job.json")["output_model"].split("/")[1].split("@")[0] == tuned.upstream
    assert tuned.context == read("config.json")["max_seq_length"]


def test_the_curators_script_reads_and_writes_what_the_export_and_the_customizer_call_it():
    script = (NEMO / "curate.py").read_text()
    ast.parse(script)
    assert f'"{DOCUMENTS}"' in script
    assert TRAINING == "training/training.jsonl"
    assert VALIDATION == "validation/validation.jsonl"


def test_the_first_rails_are_the_librarys_own():
    rails = yaml.safe_load((NEMO / "guardrails/config.yml").read_text())["rails"]
    assert rails["input"]["flows"] == ["regex check input"]
    assert rails["output"]["flows"] == ["regex check output"]
    for side in ("input", "output"):
        for pattern in rails["config"]["regex_detection"][side]["patterns"]:
            re.compile(pattern)


def test_every_file_is_told_of_in_the_guide():
    guide = Path(ROOT / "docs/training.md").read_text() + Path(ROOT / "docs/operating.md").read_text()
    for path in NEMO.rglob("*.*"):
        if "__pycache__" not in path.parts:
            assert path.relative_to(ROOT).as_posix() in guide, path
