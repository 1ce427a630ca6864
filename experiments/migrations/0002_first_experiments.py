"""The experiments that the product ships with: drafts, which act on nobody until they are started."""

from django.db import migrations

FIRST = [
    {
        "key": "batch_window",
        "title": "Text that goes out together",
        "hypothesis": "Text gathered for 25 ms feels livelier, gathered for 100 ms costs fewer frames; neither"
        " changes how much people write. Milliseconds.",
        "primary": "messages_a_day",
        "variants": [("ms50", 50), ("ms25", 25), ("ms100", 100)],
        "guardrails": [("answer_time_p95", 0.1), ("stop_rate", 0.2)],
    },
    {
        "key": "follow_ups",
        "title": "Questions to go on with",
        "hypothesis": "Questions offered under an answer make people ask more; they cost a short answer each.",
        "primary": "messages_a_day",
        "variants": [("on", True), ("off", False)],
        "guardrails": [("cost", 0.2), ("first_token_p95", 0.1)],
    },
    {
        "key": "prediction_threshold",
        "title": "How certain a completion has to be",
        "hypothesis": "Fewer, surer completions are taken more often than they disturb. Empty: the product's own.",
        "primary": "messages_a_day",
        "variants": [("usual", None), ("low", 0.3), ("high", 0.7)],
        "guardrails": [("first_token_p95", 0.1), ("regenerate_rate", 0.2)],
    },
    {
        "key": "routing_preference",
        "title": "Cheaper or better by itself",
        "hypothesis": "Leaning to cheaper models saves money without more answers asked for again. Acts on people"
        " who have not chosen; 0 is cheaper, 1 better.",
        "primary": "cost",
        "variants": [("middle", 0.5), ("cheaper", 0.35), ("better", 0.65)],
        "guardrails": [("regenerate_rate", 0.1), ("error_rate", 0.1), ("first_token_p95", 0.2)],
    },
]


def make(apps, schema_editor):
    experiment, variant, guardrail = (
        apps.get_model("experiments", name) for name in ("Experiment", "Variant", "Guardrail")
    )
    for told in FIRST:
        made, new = experiment.objects.get_or_create(
            key=told["key"],
            defaults={name: told[name] for name in ("title", "hypothesis", "primary")} | {"coverage": 0.1},
        )
        if not new:
            continue
        for position, (key, value) in enumerate(told["variants"]):
            variant.objects.create(experiment=made, key=key, value=value, position=position)
        for metric, tolerance in told["guardrails"]:
            guardrail.objects.create(experiment=made, metric=metric, tolerance=tolerance)


class Migration(migrations.Migration):
    dependencies = [("experiments", "0001_experiments_and_flags")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
