"""Sections, sentences, measurements in text, ensemble vote, scrubbing."""
