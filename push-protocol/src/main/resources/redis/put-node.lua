-- Notes what a node says of itself, also in a Redis that is full.
--
-- KEYS  1 nodes
-- ARGV  1 node  2 what it says, JSON
-- Returns 1 where the node is new, else 0.

return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
