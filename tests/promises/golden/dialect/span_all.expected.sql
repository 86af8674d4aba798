SELECT claim, believed_until FROM belief_spans AS beliefs WHERE beliefs.fact = 'acme/price' ORDER BY ALL
