"""People who have a budget together, on top of each one's own."""

from django.db import models

from usage.models.plan import Limits


class Team(Limits):
    """A day of a team ends at midnight UTC: its people may live in several time zones."""

    name = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name


class TeamDay(models.Model):
    """A team's counters of one day: entries and open holds of its people, added up."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="days")
    date = models.DateField()
    requests = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    cost_microusd = models.PositiveBigIntegerField(default=0)
    held_tokens = models.PositiveBigIntegerField(default=0)
    held_microusd = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "day of a team"
        verbose_name_plural = "days of teams"
        constraints = [models.UniqueConstraint(fields=["team", "date"], name="one_team_day_a_date")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.date}"
