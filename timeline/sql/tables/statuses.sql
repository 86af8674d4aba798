-- The statuses and what they mean.
CREATE TABLE statuses (nth INTEGER, status VARCHAR, meaning VARCHAR);
