"""The catalogue: merged, overridden, and every bad entry refused with file, table and reason."""

import copy
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.catalogue import Catalogue, Price, Timeouts
from chat.gateway.keys import configured, key_of
from chat.gateway.loading import BUILT_IN, CatalogueError, assemble, load

GOOD = {
    "providers": {"mock": {"dialect": "openai", "base_url": "http://127.0.0.1:9100/v1"}},
    "models": {
        "mock/fast": {
            "provider": "mock",
            "upstream": "fast",
            "context": 8192,
            "max_output": 2048,
            "price": {"input": 0.10, "output": 0.40, "cached_input": 0.01},
            "tier": "simple",
            "capabilities": ["chat"],
            "fallback": ["mock/other"],
        },
        "mock/other": {
            "provider": "mock",
            "context": 4096,
            "price": {"input": 0, "output": 0},
            "tier": "standard",
        },
    },
}


def changed(path: str, value: object) -> dict:
    """GOOD with one entry changed; the path's parts are separated by blanks."""
    tables = copy.deepcopy(GOOD)
    *way, last = path.split()
    table = tables
    for step in way:
        table = table.setdefault(step, {})
    if value is ...:
        del table[last]
    else:
        table[last] = value
    return tables


def read(*sources: dict, **environ: str) -> Catalogue:
    return assemble([(f"{number}.toml", source) for number, source in enumerate(sources)], environ)


def test_it_reads_a_good_entry() -> None:
    model = read(GOOD).models["mock/fast"]
    assert (model.upstream, model.context, model.price) == ("fast", 8192, Price(0.10, 0.40, 0.01))
    assert model.fallback == ("mock/other",)


def test_what_is_left_out_has_a_sensible_value() -> None:
    catalogue = read(GOOD)
    other, mock = catalogue.models["mock/other"], catalogue.providers["mock"]
    assert (other.upstream, other.max_output, other.capabilities) == ("other", 4096, {"chat"})
    assert (other.fallback, mock.timeouts, mock.api_key_env) == (None, Timeouts(), "")


def test_no_fallback_is_not_the_same_as_none_named() -> None:
    assert read(changed("models mock/fast fallback", [])).models["mock/fast"].fallback == ()


BAD = [
    ("providers mock dialekt", "openai", "does not know the key 'dialekt'"),
    ("providers mock dialect", "klingon", "dialect: must be one of openai"),
    ("providers mock dialect", ..., "dialect is missing"),
    ("providers mock base_url", "ftp://x/v1", "begins with http"),
    ("providers mock base_url", "file:///etc/passwd", "begins with http"),
    ("providers mock base_url", "http://", "begins with http"),
    ("providers mock base_url", "http://me:secret@x/v1", "must not hold a user name"),
    ("providers mock base_url", "http://x:99999/v1", "is not a URL"),
    ("providers mock base_url", "http://x/\r\nHost: y", "is not a URL"),
    ("providers mock base_url", 7, "must be a text"),
    ("providers mock api_key_env", "not a name", "environment variable"),
    ("providers mock headers", {"bad header": "x"}, "no header can have"),
    ("providers mock headers", {"x": "a\nb"}, "no header can have"),
    ("providers mock timeouts", {"idle": 0}, "timeouts: idle: must be more than 0"),
    ("providers mock timeouts", {"total": float("inf")}, "timeouts: total: must be a number"),
    ("providers mock timeouts", {"frist_token": 1}, "does not know the key 'frist_token'"),
    ("providers mock max_concurrency", 0, "max_concurrency: must be a whole number"),
    ("providers mock max_concurrency", True, "max_concurrency: must be a whole number"),
    ("providers Mock!", {"dialect": "openai"}, "small letters"),
    ("models mock/fast provider", "nobody", "provider that does not exist: nobody"),
    ("models mock/fast fallback", ["mock/none"], "model that does not exist: mock/none"),
    ("models mock/fast fallback", ["mock/fast"], "falls back to itself"),
    ("models mock/fast fallback", ["mock/other", "mock/other"], "names a model twice"),
    ("models mock/fast price", ..., "price is missing"),
    ("models mock/fast price", {"input": 1}, "output is missing"),
    ("models mock/fast price input", -0.01, "price: input: must not be negative"),
    ("models mock/fast price output", float("nan"), "price: output: must be a number"),
    ("models mock/fast price cached_input", "free", "price: cached_input: must be a number"),
    ("models mock/fast price reasoning", 1, "does not know the key 'reasoning'"),
    ("models mock/fast context", 0, "context: must be a whole number"),
    ("models mock/fast context", -5, "context: must be a whole number"),
    ("models mock/fast context", 8192.5, "context: must be a whole number"),
    ("models mock/fast max_output", 0, "max_output: must be a whole number"),
    ("models mock/fast max_output", 8193, "larger than the context"),
    ("models mock/fast tier", "best", "tier: must be one of simple"),
    ("models mock/fast tier", ..., "tier is missing"),
    ("models mock/fast capabilities", ["chat", "flying"], "capabilities: must be a list of chat"),
    ("models mock/fast capabilities", [], "capabilities: must be a list of chat"),
    ("models mock/fast capabilities", [["chat"]], "capabilities: must be a list of chat"),
    ("models mock/fast cost", 1, "does not know the key 'cost'"),
    ("models auto", {"provider": "mock"}, "a name that a model cannot have"),
    ("models mock/fast", 5, "must be a table"),
    ("modles", {}, "only [providers.…] and [models.…] are known"),
]


@pytest.mark.parametrize(("path", "value", "reason"), BAD)
def test_it_refuses_a_bad_entry(path: str, value: object, reason: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        read(changed(path, value))
    assert reason in refused.value.reason
    table = ".".join(path.split()[:2])
    assert str(refused.value).startswith("0.toml: ")
    assert refused.value.table == table


def test_two_models_may_stand_in_for_each_other() -> None:
    models = read(changed("models mock/other fallback", ["mock/fast"])).models
    assert (models["mock/fast"].fallback, models["mock/other"].fallback) == (("mock/other",), ("mock/fast",))


def test_the_file_of_the_bad_entry_is_named_not_the_last_one() -> None:
    with pytest.raises(CatalogueError, match=r"^0\.toml: models\.mock/fast"):
        read(changed("models mock/fast price input", -1), {"models": {"mock/fast": {"tier": "complex"}}})


def test_a_later_file_changes_one_key_and_leaves_the_rest() -> None:
    over = {
        "models": {"mock/fast": {"price": {"output": 9}}},
        "providers": {"mock": {"timeouts": {"idle": 3}}},
    }
    catalogue = read(changed("providers mock timeouts", {"total": 50}), over)
    assert catalogue.models["mock/fast"].price == Price(0.10, 9.0, 0.01)
    assert catalogue.providers["mock"].timeouts == Timeouts(idle=3.0, total=50.0)


def test_a_list_of_a_later_file_replaces_the_list() -> None:
    over = {"models": {"mock/fast": {"capabilities": ["chat", "vision"], "fallback": []}}}
    model = read(GOOD, over).models["mock/fast"]
    assert (model.capabilities, model.fallback) == ({"chat", "vision"}, ())


def test_the_environment_overrides_an_address() -> None:
    tables = changed("providers my-box", {"dialect": "ollama"})
    catalogue = read(tables, MY_BOX_BASE_URL="http://10.0.0.5:11434", MOCK_BASE_URL=" https://x/v1 ")
    assert catalogue.providers["my-box"].base_url == "http://10.0.0.5:11434"
    assert catalogue.providers["mock"].base_url == "https://x/v1"


def test_a_bad_address_in_the_environment_names_the_variable() -> None:
    with pytest.raises(CatalogueError, match="environment: MOCK_BASE_URL: must be a URL"):
        read(GOOD, MOCK_BASE_URL="gopher://x")


def test_the_built_in_catalogue_is_good() -> None:
    catalogue = load("", {})
    assert catalogue.models["local/smollm2"].context == 2048
    assert catalogue.providers["openai"].api_key_env == "OPENAI_API_KEY"
    assert catalogue.providers["local"].api_key_env == ""


def test_the_file_named_is_merged_over_the_built_in_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(tomli_w.dumps(GOOD))
    catalogue = load(path, {})
    assert {"mock/fast", "local/smollm2"} <= set(catalogue.models)
    assert catalogue.providers["mock"].api_key_env == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"models = [", "is not TOML"), (b"\xff\xfe", "is not TOML"), (b"models = 3", "must be tables")],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=f"mine.toml: .*{reason}"):
        load(path, {})


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"none\.toml: cannot be read: No such file"):
        load(tmp_path / "none.toml", {})


def test_a_provider_without_the_key_it_needs_is_not_configured() -> None:
    openai = load("", {}).providers["openai"]
    assert not configured(openai, {})
    assert not configured(openai, {"OPENAI_API_KEY": "  "})
    assert configured(openai, {"OPENAI_API_KEY": "sk-1"})


def test_a_provider_without_an_address_is_not_configured() -> None:
    assert not configured(load("", {}).providers["local"], {})
    environ = {"LOCAL_BASE_URL": "http://127.0.0.1:8080/v1"}
    assert configured(load("", environ).providers["local"], environ)


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown() -> None:
    openai = load("", {}).providers["openai"]
    for key in ("sk-sécret", "sk-se\ncret"):
        with pytest.raises(CatalogueError, match="OPENAI_API_KEY") as refused:
            key_of(openai, {"OPENAI_API_KEY": key})
        assert "cret" not in str(refused.value)


_toml_values = st.recursive(
    st.one_of(st.booleans(), st.integers(-10, 10**10), st.floats(), st.text(max_size=8), st.just("mock")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_paths = st.sampled_from([path for path, _, _ in BAD])


def reading(tables: dict) -> Catalogue | CatalogueError:
    try:
        return read(tables)
    except CatalogueError as refused:
        return refused


@given(_paths, _toml_values)
def test_whatever_stands_there_is_read_or_refused_in_words(path: str, value: object) -> None:
    catalogue = reading(changed(path, value))
    if isinstance(catalogue, CatalogueError):
        assert catalogue.reason
        assert catalogue.file == "0.toml"
        return
    for model in catalogue.models.values():
        assert model.price.input >= 0
        assert model.price.output >= 0
        assert 0 < model.max_output <= model.context
        assert model.provider in catalogue.providers
        assert all(name in catalogue.models for name in model.fallback or ())
    for provider in catalogue.providers.values():
        assert provider.base_url.startswith(("http://", "https://")) or not provider.base_url
        assert min(provider.timeouts.connect, provider.timeouts.idle, provider.timeouts.total) > 0


def test_the_built_in_file_lies_beside_its_reader() -> None:
    assert BUILT_IN.is_file()
