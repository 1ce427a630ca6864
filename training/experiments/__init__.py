"""Whether the tests of experiments keep what they promise, by simulation; the tables of
docs/experiments.md."""
