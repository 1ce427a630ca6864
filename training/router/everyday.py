"""Everyday prompts, which every model is good enough for: made here, by hand and by filling in.

A family is one way of asking; its fillings differ in content alone. Families, never single prompts, are
held out, or a test would only ask for what was learnt by heart.
"""

from itertools import product

EACH = 16  # prompts that a family gives at most

_PLACES = ["Paris", "Japan", "Kenya", "the Alps", "Lisbon", "Canada", "Peru", "Berlin"]
_WORDS = ["photosynthesis", "inflation", "a metaphor", "osmosis", "a mortgage", "gravity", "an API", "karma"]
_LANGUAGES = ["French", "German", "Spanish", "Italian", "Polish", "Portuguese"]
_PHRASES = [
    "good morning",
    "where is the station?",
    "thank you very much",
    "I would like a coffee",
    "see you tomorrow",
    "my name is Anna",
]
_SENTENCES = [
    "me and him goes to school every day",
    "i has been waiting since two hours",
    "the results was better then expected",
    "she dont like to swim in the sea",
    "please revert back to me at the earliest",
    "their going to there house over they're",
]
_FOODS = ["pancakes", "tomato soup", "fried rice", "an omelette", "banana bread", "hummus", "a salad"]
_PEOPLE = ["my mother", "a colleague", "my best friend", "our neighbour", "a teacher", "my boss"]
_OCCASIONS = ["birthday", "wedding", "new job", "retirement", "graduation"]
_ANIMALS = ["cats", "penguins", "bees", "elephants", "octopuses", "owls"]
_NUMBERS = ["12", "7", "45", "100", "250", "18", "3.5"]
_NAMES = ["a small bakery", "a cat", "a blue parrot", "a hiking club", "a podcast about films"]
_INVENTIONS = ["the telephone", "the light bulb", "penicillin", "the printing press", "the World Wide Web"]
_BOOKS = ["1984", "Pride and Prejudice", "The Hobbit", "Hamlet", "Don Quixote"]

FAMILIES: dict[str, list[tuple[str, ...]]] = {
    "{0}": [
        *[
            ("hi",),
            ("hello",),
            ("hey, how are you?",),
            ("good morning!",),
            ("thanks",),
            ("thank you so much",),
        ],
        *[("who are you?",), ("what can you do?",), ("ok",), ("yes please",), ("tell me more",), ("bye",)],
        *[("what's up",), ("are you there?",), ("great, that worked",), ("no, the other one",)],
    ],
    "What is the capital of {0}?": [(place,) for place in _PLACES],
    "What is {0}?": [(word,) for word in _WORDS],
    "explain {0} in simple words": [(word,) for word in _WORDS],
    "Define {0} in one sentence.": [(word,) for word in _WORDS],
    'How do you say "{0}" in {1}?': list(product(_PHRASES, _LANGUAGES)),
    "Translate to {1}: {0}": list(product(_PHRASES, _LANGUAGES)),
    "Fix the grammar: {0}": [(sentence,) for sentence in _SENTENCES],
    "Make this sound more polite: {0}": [(sentence,) for sentence in _SENTENCES],
    'is this sentence correct? "{0}"': [(sentence,) for sentence in _SENTENCES],
    "Give me a simple recipe for {0}.": [(food,) for food in _FOODS],
    "what can I cook with {0} and {1}": [("eggs", "rice"), ("chicken", "lemon"), ("beans", "corn")],
    "How long do I boil {0}?": [("an egg",), ("pasta",), ("potatoes",), ("rice",), ("broccoli",)],
    "Write a short {1} wish for {0}.": list(product(_PEOPLE, _OCCASIONS)),
    "Suggest a gift for {0}": [(person,) for person in _PEOPLE],
    "Tell me a joke about {0}": [(animal,) for animal in _ANIMALS],
    "Three fun facts about {0}": [(animal,) for animal in _ANIMALS],
    "what do {0} eat?": [(animal,) for animal in _ANIMALS],
    "Write a four-line poem about {0}.": [("autumn",), ("the sea",), ("my dog",), ("coffee",), ("rain",)],
    "What is {0} plus {1}?": list(product(_NUMBERS, _NUMBERS)),
    "{0}% of {1}": list(product(["10", "15", "20", "5"], ["80", "120", "64", "1500"])),
    "Convert {0} {1}": list(product(_NUMBERS, ["km to miles", "pounds to kg", "cups to ml", "F to C"])),
    "How many {0}?": [
        *[("days are in a leap year",), ("continents are there",), ("ounces are in a pound",)],
        *[("minutes are in a week",), ("legs does a spider have",), ("states does the US have",)],
    ],
    "Who invented {0}?": [(thing,) for thing in _INVENTIONS],
    "who wrote {0}?": [(book,) for book in _BOOKS],
    "In which year {0}?": [
        *[("did World War II end",), ("was the Berlin Wall built",), ("did people first land on the moon",)],
        *[("was Mozart born",), ("did the Titanic sink",)],
    ],
    "Suggest five names for {0}.": [(name,) for name in _NAMES],
    "synonyms for {0}": [("happy",), ("important",), ("quickly",), ("beautiful",), ("big",), ("angry",)],
    "What is the opposite of {0}?": [("generous",), ("ancient",), ("expand",), ("brave",), ("scarce",)],
    "What is the plural of {0}?": [("mouse",), ("crisis",), ("cactus",), ("child",), ("sheep",)],
    "how do i {0}?": [
        *[("take a screenshot on a mac",), ("change a flat tyre",), ("remove a coffee stain",)],
        *[("tie a tie",), ("reset my router",), ("unsubscribe from a newsletter",), ("water an orchid",)],
    ],
    "What's the difference between {0} and {1}?": [
        *[("jam", "marmalade"), ("a crocodile", "an alligator"), ("weather", "climate"), ("tea", "coffee")],
        *[("a lawyer", "a solicitor"), ("RAM", "storage"), ("baking soda", "baking powder")],
    ],
    "Should I visit {0} in {1}?": list(product(_PLACES, ["May", "winter", "August"])),
    "what time is it in {0} when it is noon in {1}": list(product(_PLACES, ["London", "New York"])),
    "Write a two-sentence email to {0} saying that I {1}.": list(
        product(_PEOPLE, ["am late", "am ill today", "moved our meeting", "liked the dinner"])
    ),
    "Sum this up in one sentence: {0}": [
        ("The shop opens at nine and closes at six, but on Sundays it stays closed all day.",),
        ("We met on Monday, agreed on the colour, and will order the paint next week.",),
        ("The match was put off because it rained so hard that the pitch was under water.",),
    ],
    "Is {0} a {1}?": [("a tomato", "fruit"), ("Pluto", "planet"), ("a whale", "fish"), ("zero", "number")],
    "Put these in alphabetical order: {0}": [
        *[("pear, apple, fig, kiwi",), ("Tom, Anna, Zoe, Ben",), ("red, blue, green, amber",)],
    ],
    "Recommend a {0} for a {1}": list(
        product(["film", "book", "board game"], ["rainy day", "family evening"])
    ),
    "how do I print hello world in {0}": [("python",), ("java",), ("javascript",), ("c",), ("rust",)],
    "Write a {1} function that {0}": list(
        product(
            ["reverses a string", "adds up a list", "checks whether a number is even", "counts vowels"],
            ["python", "javascript", "java"],
        )
    ),
    "sql query to {0}": [
        *[("count the rows of a table",), ("get the ten newest orders",), ("find users without an email",)],
    ],
    "what is wrong here: {0}": [("for i in range(3) print(i)",), ("if x = 3: pass",), ("pritn('hello')",)],
    "what does {0} mean in the command line": [("ls",), ("cd ..",), ("sudo",), ("chmod",), ("grep",)],
    "What does the word '{0}' mean?": [("ubiquitous",), ("candid",), ("frugal",), ("mitigate",), ("zeal",)],
    "Spell {0} for me": [("necessary",), ("rhythm",), ("accommodate",), ("restaurant",), ("February",)],
    "am i right that {0}?": [
        *[("the sun is a star",), ("water boils at 100 degrees",), ("Sydney is not the capital",)],
    ],
    "Continue": [()],
    "shorter please": [()],
    "Can you say that again, but simpler?": [()],
}


def prompts() -> list[tuple[str, str]]:
    """(family, prompt), the fillings spread evenly over what a family could give."""
    made = []
    for family, fillings in FAMILIES.items():
        for filling in fillings[:: max(1, len(fillings) // EACH)][:EACH]:
            made.append((family, family.format(*filling)))
    return made
