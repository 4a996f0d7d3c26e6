-- Ends the connection that hears a user, wherever it is, and keeps its page away for the life of a tombstone.
-- The field goes at once: should the kick be lost, the next renewal finds the tombstone and ends the connection then.
--
-- KEYS  1 clock  2 since  3 presence
-- ARGV  1 highest id seen  2 prefix  3 user  4 reason  5 grace in ms between the notice and the close
--       6 life of a tombstone in ms
-- Returns the connection, or "" where the user has none.

local value = redis.call('HGET', KEYS[3], ARGV[3])
if not value then
	return ''
end
local owner = owner_parse(value)
local generation = clock_next(KEYS[1], KEYS[2], ARGV[1])
redis.call('SET', tombstone_key(ARGV[2], ARGV[3], owner.client), generation, 'PX', ARGV[6])
redis.call('HDEL', KEYS[3], ARGV[3])
kick(ARGV[2], owner, generation, ARGV[4], ARGV[5])
return owner.connection
