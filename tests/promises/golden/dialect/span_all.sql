SELECT claim, believed_until FROM beliefs FOR REPORTED_TIME ALL WHERE beliefs.fact = 'acme/price' ORDER BY ALL
