-- A figure without needless zeros: `amounts._digits`.
CREATE OR REPLACE TEMP MACRO figure_text(figure) AS (rtrim(rtrim(figure::DECIMAL(38, 9)::VARCHAR, '0'), '.'));
