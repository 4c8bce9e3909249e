"""The tables of the study, a file a topic, in the order of the page. The table of costs comes of itself."""

TOPICS = ("scores",)
