-- Each distinct fact, cut where its period and its parts are set off.
CREATE TEMP TABLE parts AS
SELECT
    fact,
    string_split(if(mark > 0, fact[:mark - 1], fact), '/') AS parts,
    if(mark > 0, fact[mark + 1:], NULL) AS period
FROM (SELECT DISTINCT fact, instr(fact, '@') AS mark FROM given WHERE fact IS NOT NULL);
