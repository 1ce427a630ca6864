"""The operations dashboard: what is measured against which goal (`goals`), how it is shown (`shown`),
and what is the case this minute (`present`). What has a past is read from figures/, added up before."""
