-- Ends the connection that owns a user, wherever it is, and keeps its page away for the life of a tombstone.
-- The field goes at once: should the kick be lost, the next renewal finds the tombstone and ends the connection then.
--
-- KEYS  1 clock  2 since  3 presence
-- ARGV  1 highest id seen  2 prefix of keys  3 prefix of pub/sub channels  4 user  5 reason
--       6 grace in ms between the notice and the close  7 life of a tombstone in ms  8 what the client is given besides, or ""
-- Returns the connection, or "" where the user has none.

local prefix, channels, user = ARGV[2], ARGV[3], ARGV[4]
local value = redis.call('HGET', KEYS[3], user)
local owner = value and owner_parse(value)
if not owner then
	return ''
end
local _, _, now, generation = clock_take(1, KEYS[1], KEYS[2], ARGV[1])
tombstone_put(prefix, user, owner.client, generation, ARGV[7])
redis.call('HDEL', KEYS[3], user)
local events = redis.pcall('GET', prefix .. 'events')
if type(events) == 'string' then
	--+ presence-events
	user_left(prefix, events, user, owner, ARGV[5], now)
end
kick(channels, owner, generation, ARGV[5], ARGV[6], ARGV[8])
return owner.connection
