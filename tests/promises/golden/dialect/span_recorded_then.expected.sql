FROM main.belief_spans_as_of(recorded_as_of := '#2') AS beliefs SELECT claim ORDER BY claim
