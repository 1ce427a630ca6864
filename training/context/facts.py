"""Facts to be planted: how each is stated, changed and asked for, in words of our own.

Two sets that share no kind, no entity and no wording: one to fit weights on, one that is only reported on.
In a statement `{e}` is who it is about and `{v}` the value; questions often share no word with them but the
name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Value = Callable[[Random], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """`two`: a statement in two sentences, of which the second has the value and only the first the name.
    `asked` and `answer`: what the assistant asks, and the user's few words."""

    name: str
    value: Value
    statements: tuple[str, ...]
    two: tuple[str, str]
    updates: tuple[str, ...]
    asked: str
    answer: str
    now: tuple[str, ...]
    before: str
    who: str  # asks for every entity with this kind of fact
    idle: tuple[str, ...]  # about the same, and says nothing: distractors


@dataclass(frozen=True, slots=True)
class Facts:
    entities: tuple[str, ...]
    kinds: tuple[Kind, ...]


def _number(least: int, most: int, step: int = 1) -> Value:
    return lambda dice: f"{dice.randrange(least, most, step):,}"


def _one_of(*values: str) -> Value:
    return lambda dice: dice.choice(values)


_MONTHS = ("January", "February", "March", "May", "June", "August", "September", "October", "November")


def _date(dice: Random) -> str:
    return f"{dice.randrange(1, 29)} {dice.choice(_MONTHS)}"


TRAIN = Facts(
    entities=("Kestrel", "Bluebird", "Marlin", "Orchid", "Saffron", "Juniper", "Cobalt", "Hazel", "Tundra"),
    kinds=(
        Kind(
            "port",
            lambda dice: str(dice.randrange(2000, 9999)),
            ("{e} listens on port {v} in staging.", "In our set-up {e} is reachable at port {v}."),
            ("Let me describe {e} a little.", "It answers on {v}, behind the proxy."),
            (
                "We moved {e} to port {v} this morning.",
                "Correction: {e} is at {v} now, the old one is closed.",
            ),
            "Which port should I write down for {e}?",
            "{v}, please.",
            ("Where do I have to connect to for {e}?", "Which port does {e} use at the moment?"),
            "Which port did {e} have at first, and which one has it now?",
            "List the ports of all services we spoke about.",
            (
                "I always mix up the ports when {e} comes up.",
                "Should {e} have a fixed port at all? I am not sure.",
                "Ports are a mess in our documents.",
            ),
        ),
        Kind(
            "owner",
            _one_of("Priya", "Tomas", "Ingrid", "Kofi", "Yuki", "Leila", "Bram", "Noor", "Mateo", "Sanna"),
            ("{v} looks after {e} since the reorganisation.", "The person to call about {e} is {v}."),
            ("There was some confusion about {e}.", "In the end {v} took it over."),
            ("{v} has taken {e} over from the colleague who left.", "From now on ask {v} about {e}."),
            "Who is responsible for {e}?",
            "That would be {v}.",
            ("Who is in charge of {e}?", "Whom should I write to when {e} breaks?"),
            "Who had {e} before, and who has it today?",
            "Who looks after which project?",
            (
                "Somebody asked again who looks after {e}, I had to look it up.",
                "It would be nice if every service had two owners.",
            ),
        ),
        Kind(
            "budget",
            _number(2000, 90000, 250),
            ("We set {v} euros aside for {e}.", "{e} may cost {v} euros, not a cent more."),
            ("Finance has looked at {e}.", "They approved {v} euros."),
            (
                "The money for {e} was changed to {v} euros.",
                "Finance corrected {e}: it is {v} euros after all.",
            ),
            "How much may {e} cost?",
            "At most {v} euros.",
            ("What is the budget of {e}?", "How much can we spend on {e}?"),
            "How did the budget of {e} change?",
            "What are the budgets of all projects?",
            (
                "The budget of {e} will come up in the next meeting.",
                "Budgets are always too small, whatever the project.",
            ),
        ),
        Kind(
            "deadline",
            _date,
            ("{e} has to be finished by {v}.", "The customer expects {e} on {v}."),
            ("About the plan for {e}:", "everything must be delivered by {v}."),
            ("{e} was put off until {v}.", "The customer wants {e} on {v} instead."),
            "When is {e} due?",
            "On {v}.",
            ("When is {e} due?", "What is the deadline for {e}?"),
            "What was the first date for {e}, and what is it now?",
            "Which deadlines do we have?",
            (
                "I hope that {e} will be on time.",
                "Deadlines make nobody faster, do they?",
                "We should talk about the plan for {e} one day.",
            ),
        ),
        Kind(
            "language",
            _one_of("Elixir", "Kotlin", "Rust", "Clojure", "Haskell", "Erlang", "Scala", "OCaml", "Julia"),
            ("{e} is written in {v} from top to bottom.", "For {e} we decided on {v}."),
            ("We discussed {e} at length.", "It will be {v}, because the team knows it."),
            ("{e} is being rewritten in {v}.", "We dropped the old plan: {e} goes to {v}."),
            "What do you write {e} in?",
            "In {v}.",
            ("Which programming language did we choose for {e}?", "What is {e} implemented in?"),
            "Which language had {e} before, and which one has it now?",
            "Which project uses which language?",
            (
                "Some people would write {e} quite differently today.",
                "Which language one uses matters less than people think.",
            ),
        ),
        Kind(
            "reason",
            _one_of(
                "a leak in the pool",
                "an expired certificate",
                "a full disk",
                "a wrong time zone",
                "a typo in the DNS",
            ),
            ("The outage of {e} came from {v}.", "{e} went down because of {v}."),
            ("We finally understood what happened to {e}.", "The culprit was {v}."),
            (
                "The first analysis of {e} was wrong: it was {v}.",
                "It turned out that {e} failed through {v}.",
            ),
            "What broke {e} last time?",
            "It was {v}.",
            ("Why did {e} fail?", "What caused the trouble with {e}?"),
            "What did we first blame for the failure of {e}, and what was it really?",
            "What were the causes of all outages?",
            ("The outage of {e} still annoys me.", "Why do things always fail on Fridays?"),
        ),
    ),
)

HELD_OUT = Facts(
    entities=(
        "Aunt Rosa",
        "Uncle Piotr",
        "cousin Amara",
        "Grandpa Nils",
        "Mrs. Okafor",
        "Mr. Lindqvist",
        "Dana",
        "Selim",
    ),
    kinds=(
        Kind(
            "allergy",
            _one_of("walnuts", "shellfish", "lupin", "celery", "sesame", "mustard", "kiwi", "buckwheat"),
            ("{e} cannot eat {v} at all.", "Careful with {e}: {v} makes the throat swell."),
            ("I spoke with {e} about the menu.", "Anything containing {v} has to stay off the plate."),
            (
                "The doctor tested {e} again, the culprit is {v}.",
                "{e} wrote to me that {v} is the dangerous thing.",
            ),
            "Is there something {e} must not have?",
            "Yes, {v}.",
            ("What is {e} allergic to?", "Which ingredient do I have to leave out for {e}?"),
            "What did we think {e} was allergic to at the beginning, and what is it in fact?",
            "Make a list of everybody's allergies.",
            (
                "I must not forget to ask about allergies.",
                "{e} is such a picky eater.",
                "The caterer wants a list of what people cannot eat.",
            ),
        ),
        Kind(
            "room",
            lambda dice: f"{dice.randrange(1, 9)}{dice.randrange(10, 60)}{dice.choice('ABCD')}",
            ("{e} sleeps in {v} at the hotel.", "I booked {v} for {e}."),
            ("The hotel called about {e}.", "They have put the luggage into {v}."),
            (
                "{e} swapped and is in {v} today.",
                "Reception gave {e} the key to {v}, the first one was damp.",
            ),
            "Where does {e} stay?",
            "In {v}.",
            ("Which room is {e} in?", "On which door do I knock to find {e}?"),
            "In which rooms has {e} been, first and last?",
            "Who has which room?",
            ("The hotel is lovely, {e} will like it.", "Rooms with a view cost a fortune there."),
        ),
        Kind(
            "arrival",
            lambda dice: f"{dice.randrange(6, 23)}:{dice.choice(('05', '20', '35', '50'))}",
            ("{e} lands at {v} on the Friday.", "The train with {e} comes in at {v}."),
            ("News from {e}, who is on the way.", "Somebody should stand on the platform at {v}."),
            ("{e} missed the connection and gets in at {v}.", "A delay: {e} is expected at {v}."),
            "At what time shall I fetch {e}?",
            "At {v}.",
            ("When does {e} arrive?", "What time do I have to pick up {e}?"),
            "When was {e} to arrive originally, and what is the latest?",
            "Give me the arrival times of all guests.",
            (
                "I look forward to seeing {e} at the station.",
                "Everybody arrives on the same day, what a mess.",
            ),
        ),
        Kind(
            "gift",
            _one_of(
                "a fountain pen",
                "a tea kettle",
                "a star atlas",
                "a wool blanket",
                "a chess clock",
                "a bird feeder",
            ),
            ("{v} would make {e} happy.", "{e} once admired {v} in a shop window."),
            ("I have an idea for {e}.", "We could wrap up {v}."),
            ("{e} has got one already, so it shall be {v}.", "Better idea for {e}: {v}."),
            "What does {e} wish for?",
            "I think {v}.",
            ("What are we giving to {e}?", "Which present did we pick for {e}?"),
            "What did we first want to give {e}, and what did we settle on?",
            "List all the presents.",
            (
                "Presents are hard, and for {e} more than for anyone.",
                "Should we wrap the presents or put them into bags?",
            ),
        ),
        Kind(
            "trade",
            _one_of(
                "a stonemason",
                "a beekeeper",
                "a notary",
                "a piano tuner",
                "a midwife",
                "a cartographer",
                "a glazier",
            ),
            ("{e} earned a living as {v}.", "Most of the stories of {e} are about being {v}."),
            (
                "You should know something about {e} for the speech.",
                "Half the town knew the name from the years as {v}.",
            ),
            ("I mixed it up, {e} was {v}.", "My mother says that {e} worked as {v}, not what I told you."),
            "What did {e} do before retiring?",
            "Worked as {v}.",
            ("What was the profession of {e}?", "What job shall I mention in the toast for {e}?"),
            "What did I say at first about the profession of {e}, and what is right?",
            "What does or did everybody do for work?",
            (
                "{e} tells the best stories about work.",
                "A speech should say a little about what people do for a living.",
            ),
        ),
        Kind(
            "share",
            _number(40, 900, 5),
            ("{e} has paid {v} crowns into the kitty.", "From {e} I got {v} crowns in cash."),
            ("I counted again what came from {e}.", "There are {v} crowns in the envelope."),
            (
                "{e} added to it, which makes {v} crowns together.",
                "The transfer of {e} was booked twice: it is {v} crowns.",
            ),
            "How much did {e} give you?",
            "{v} crowns.",
            ("How much money has {e} contributed?", "What amount do I note for {e}?"),
            "What amount did I note for {e} at first, and what is it after the change?",
            "How much has everyone contributed?",
            (
                "I still have to write down what {e} gave me.",
                "The kitty is in the blue envelope, money and all.",
            ),
        ),
        Kind(
            "seat",
            lambda dice: f"table {dice.randrange(2, 30)}",
            ("{e} gets {v}, next to the window.", "Put {e} at {v}."),
            ("One more wish, from {e}.", "It is too loud near the band, so {v} it is."),
            ("{e} and the neighbour do not speak, so {v} instead.", "The plan changed and {e} goes to {v}."),
            "Where shall {e} sit?",
            "At {v}.",
            ("Where is {e} seated?", "Which place card do I write for {e}?"),
            "Where did {e} sit in the first plan, and where in the last?",
            "Who sits where?",
            (
                "{e} will be pleased with any seat, I hope.",
                "The seating plan drives me mad.",
                "Round tables are better for talking.",
            ),
        ),
    ),
)
