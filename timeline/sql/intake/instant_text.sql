-- An instant as ISO 8601 in UTC: `times.format_instant`.
CREATE OR REPLACE TEMP MACRO instant_text(instant) AS (
    strftime(instant, '%Y-%m-%dT%H:%M:%S') || if(epoch_us(instant) % 1000000 = 0, '', strftime(instant, '.%f'))
    || 'Z'
);
