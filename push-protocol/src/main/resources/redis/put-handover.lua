-- Keeps what a node that ends in order knew of its streams, piece by piece. It counts from the last piece on, and expires.
--
-- KEYS  1 handover of the node  2 handovers
-- ARGV  1 life in ms  2 node  3 what the node says of the whole, JSON; '' before the last piece  4… user, records
-- Returns how many nodes have left something; 0 before the last piece.

for i = 4, #ARGV, 2 do
	redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
if ARGV[3] == '' then
	redis.call('PEXPIRE', KEYS[1], ARGV[1])
	return 0
end
-- A reader knows by this field that the key is there
redis.call('HSET', KEYS[1], '', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[1])

local now = time_ms()
local left = redis.call('HGETALL', KEYS[2])
for i = 1, #left, 2 do
	local ends = tonumber(string.match(left[i + 1], '^(%d+) '))
	if not ends or ends <= now then
		redis.call('HDEL', KEYS[2], left[i])
	end
end
redis.call('HSET', KEYS[2], ARGV[2], string.format('%.0f ', now + ARGV[1]) .. ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return redis.call('HLEN', KEYS[2])
