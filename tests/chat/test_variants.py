"""The experiments that act in a turn: what the variant says is done, and that it was done is written down."""

import pytest
from asgiref.sync import sync_to_async

from chat import variants
from chat.gateway.batch import WINDOW
from chat.prediction import ahead
from chat.protocol import PREFERENCE
from chat.runtime import runtime
from experiments import definitions
from experiments.deciding import decide
from experiments.freshness import changed
from experiments.models import Experiment, Exposure, Variant
from experiments.subjects import Subject
from tests.chat.sockets import Tab, a_user
from tests.fakes.catalogue import write_catalogue
from tests.waiting import until


@pytest.fixture
def tried(db, valkey):
    """Runs an experiment whose every variant has the value."""

    def run(key: str, value) -> Experiment:
        # Those that ship are there as drafts, unless another test has emptied the database.
        experiment, _ = Experiment.objects.update_or_create(
            key=key, defaults={"title": key, "state": "running", "phase": 1, "coverage": 1.0}
        )
        experiment.variants.all().delete()
        for name in ("control", "other"):
            Variant.objects.create(experiment=experiment, key=name, value=value)
        changed()
        return experiment

    yield run
    definitions.forget()
    changed()


SOMEBODY = Subject(7)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(25, 0.025), (100.0, 0.1), (0, 0.005), (10_000, 0.5), ("soon", WINDOW), (None, WINDOW)],
)
def test_the_window_is_the_variants_within_reason(tried, value, seconds):
    tried(variants.BATCH_WINDOW, value)
    assert variants.batch_window(SOMEBODY)[0] == pytest.approx(seconds)


def test_without_an_experiment_all_is_as_it_was(db, valkey):
    turn = variants.for_turn(SOMEBODY, PREFERENCE, "auto")
    assert (turn.window, turn.preference, turn.names) == (WINDOW, PREFERENCE, "")
    assert variants.follow_ups(SOMEBODY)[0] is True
    assert variants.prediction_threshold(SOMEBODY, 0.4)[0] == 0.4


def test_who_has_chosen_a_preference_or_a_model_keeps_it(tried):
    tried(variants.ROUTING_PREFERENCE, 0.8)
    assert variants.for_turn(SOMEBODY, PREFERENCE, "auto").preference == 0.8
    assert variants.for_turn(SOMEBODY, 0.1, "auto").preference == 0.1
    assert variants.for_turn(SOMEBODY, PREFERENCE, "mock/fast").preference == PREFERENCE


@pytest.mark.usefixtures("mock")
async def test_a_turn_that_a_variant_acted_on_is_an_exposure_and_one_alone(house, tried):
    experiment = await sync_to_async(tried)(variants.BATCH_WINDOW, 25)
    user = await a_user()
    async with Tab(user) as tab:
        for _ in range(2):
            await tab.hear_answer((await tab.ask())["generation_id"])
    await house.exposures.close()
    (row,) = [row async for row in Exposure.objects.all()]
    mine = await sync_to_async(decide)(variants.BATCH_WINDOW, Subject(user.pk))
    assert (row.experiment_id, row.owner_id, row.variant) == (experiment.pk, user.pk, mine.variant)


@pytest.mark.usefixtures("mock")
async def test_what_never_came_to_a_word_is_no_exposure_to_how_words_are_sent(house, tried):
    await sync_to_async(tried)(variants.BATCH_WINDOW, 25)
    async with Tab(await a_user()) as tab:
        await tab.ask(model="nobody/knows-it")
        await tab.hear_until("chat.error")
    await house.exposures.close()
    assert not await Exposure.objects.aexists()


@pytest.fixture
def only_fast(mock, settings, tmp_path):
    """Wherever "auto" goes, it is answered."""
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "fast.toml", mock.url, ["fast"]))


@pytest.mark.usefixtures("only_fast")
async def test_a_routed_turn_is_an_exposure_to_how_it_was_routed(tried):
    house = runtime()
    routing = await sync_to_async(tried)(variants.ROUTING_PREFERENCE, 0.9)
    async with Tab(await a_user()) as tab:
        await tab.hear_answer((await tab.ask(model="mock/fast"))["generation_id"])
        await house.exposures.close()
        assert not await Exposure.objects.aexists()
        await tab.hear_answer((await tab.ask(model="auto"))["generation_id"])
    await house.exposures.close()
    assert [row.experiment_id async for row in Exposure.objects.all()] == [routing.pk]


async def suggestions(user, text: str = "Answer the fol") -> list:
    async with Tab(user) as tab:
        await tab.say("predict", id=1, text=text)
        return (await tab.hear_until("predict.result"))["suggestions"]


@pytest.mark.usefixtures("mock")
async def test_how_certain_a_completion_must_be_is_the_variants(house, tried):
    user = await a_user()
    assert await suggestions(user)
    experiment = await sync_to_async(tried)(variants.PREDICTION_THRESHOLD, 1.0)
    assert await suggestions(user) == []
    await house.exposures.close()
    # Counted all the same: else who is shown less would be counted less, and the split would tell it.
    assert [row.experiment_id async for row in Exposure.objects.all()] == [experiment.pk]


@pytest.mark.usefixtures("mock")
@pytest.mark.parametrize("offered", [True, False])
async def test_questions_to_go_on_with_are_made_where_the_variant_says_so(house, tried, monkeypatch, offered):
    wanted: list[bool] = []
    noted: list[str] = []
    monkeypatch.setattr(ahead, "publish", lambda task, answer_id, offers: wanted.append(offers))
    monkeypatch.setattr(house.exposures, "note", lambda decision, **_: noted.append(decision.key))
    await sync_to_async(tried)(variants.FOLLOW_UPS, offered)
    async with Tab(await a_user()) as tab:
        await tab.hear_answer((await tab.ask())["generation_id"])
        await until(lambda: variants.FOLLOW_UPS in noted)
    assert wanted == [offered]
