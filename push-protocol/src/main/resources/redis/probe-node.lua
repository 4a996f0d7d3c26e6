-- Sends a node a sign of life by the path that messages take. It takes an id, so that on a quiet node the positions of its
-- connections, and with them the cursors of its clients, stay young.
--
-- KEYS  1 clock  2 since
-- ARGV  1 highest id seen  2 pub/sub channel of the node  3 nonce
-- Returns the id.

local _, _, _, id = clock_take(1, KEYS[1], KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[2], 'P ' .. id .. ' ' .. ARGV[3] .. '\n')
return id
