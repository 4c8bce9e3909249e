"""Beginning a study, a data set or a model of one's own: what is proposed, checked, shown and written."""
