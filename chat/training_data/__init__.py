"""Conversations of people who said that theirs may train models, as files that a trainer reads.

    gathering   rows, of those people alone, a few conversations at a time
    judging     how much of a conversation is worth learning from (pure)
    cleaning    what says who somebody is, replaced; the one module that needs Presidio
    twins       what is the same, or nearly (pure)
    splitting   who is trained on and who is tested on (pure)
    card        what is in the files, in words (pure)
    making      all of it together

`manage.py export_training_data` is the door. What it takes is in `requirements-training.txt`.
"""
