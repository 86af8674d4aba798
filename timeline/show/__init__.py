"""Answers for people and programs: tables, text formats, words. This room knows no store."""
