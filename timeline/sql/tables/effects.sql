-- What each event of a fact that is not plain did when it was recorded.
CREATE TABLE effects (fact VARCHAR, position BIGINT, effect VARCHAR);
