-- Event ids as they are looked for in a row file: their bytes, and the first eight of these as a number.
SELECT unhex(event_id) AS id, ('0x' || event_id[1:16])::UBIGINT AS prefix
FROM asked
