-- Stores a ticket, unless its user has as many that are not spent as may be.
--
-- KEYS  1 ticket  2 tickets of this user that are not spent, by the time at which they end
-- ARGV  1 digest of the ticket, which its key ends with  2 its life in ms  3 the longest life of a ticket in ms
--       4 tickets that a user may have
--       then the fields of the right, each a name and a value
-- Returns {"issued", ms since the epoch at which it ends} or {"full", ms until the first of the others ends}.

local now = time_ms()
local ended = redis.pcall('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%d', now))
if type(ended) == 'table' then
	redis.call('UNLINK', KEYS[2])
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then
	local first = redis.call('ZRANGE', KEYS[2], '0', '0', 'WITHSCORES')
	-- Where TIME went back, the others end with their key.
	return {'full', math.min(math.max(first[2] - now, 1), tonumber(ARGV[3]))}
end
local ends = now + ARGV[2]
local fields = {}
for i = 5, #ARGV do
	fields[#fields + 1] = ARGV[i]
end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%d', ends), ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {'issued', ends}
