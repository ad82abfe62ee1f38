"""Vocabulary without torch: cards, errors, languages, seeds, tables, recipes, the artefact format."""
