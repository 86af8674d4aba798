-- The statuses and what they mean.
CREATE TABLE store.statuses (nth INTEGER, status VARCHAR, meaning VARCHAR);
