"""What an event may say, and what follows from it.

Dates, amounts, facts and events as people write them, and `fold`, which defines what was believed. This
room touches no disk and no engine; `times` reads the only clock.
"""
