"""Speech: from sound files to what the transformer hears and what the viewer hears."""
