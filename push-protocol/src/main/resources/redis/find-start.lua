-- Finds where the last `count` retained messages of a channel begin.
--
-- KEYS  1 history stream
-- ARGV  1 count, "0" for all that is retained  2 history age in ms
-- Returns the id of the first of them, or "" where nothing is retained.

local oldest = string.format('%.0f-0', time_ms() - tonumber(ARGV[2]))
if ARGV[1] == '0' then
	local first = redis.call('XRANGE', KEYS[1], oldest, '+', 'COUNT', 1)
	return first[1] and first[1][1] or ''
end
local entries = redis.call('XREVRANGE', KEYS[1], '+', oldest, 'COUNT', ARGV[1])
return #entries > 0 and entries[#entries][1] or ''
