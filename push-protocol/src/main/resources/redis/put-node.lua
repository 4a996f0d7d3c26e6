-- Notes what a node says of itself, also in a Redis that is full. When it did so is a time of this server: the clocks of
-- nodes and of those who read this need not agree.
--
-- KEYS  1 nodes
-- ARGV  1 node  2 what it says, JSON; the first "updatedAt" in it is set here
-- Returns 1 where the node is new, else 0.

local now = string.format('"updatedAt":%.0f', time_ms())
return redis.call('HSET', KEYS[1], ARGV[1], (string.gsub(ARGV[2], '"updatedAt":%d+', now, 1)))
