-- Says which messages users acknowledged: those of them of which a verdict is awaited are delivered.
--
-- KEYS  1 verdicts that are awaited
-- ARGV  1 prefix of keys  2 about how many entries the stream of events keeps  3 most verdicts of this call
--       then of each: user, up to which id all was received ("0-0" for none), single ids above it with spaces between them, or ""
-- Returns {number of verdicts, number of users dealt with}. Where those are not all, the others are to be sent again, from the first
-- that was not dealt with on.

local prefix, length, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
local most = left
if redis.call('EXISTS', KEYS[1]) == 0 then
	return {0, (#ARGV - 3) / 3}
end
local now, done = time_ms(), 0
for i = 4, #ARGV, 3 do
	local user, cursor = ARGV[i], ARGV[i + 1]
	local ms = string.match(cursor, '^%d+')
	local key = prefix .. 'awaited:' .. user
	local ids = redis.call('ZRANGEBYSCORE', key, '-inf', ms, 'LIMIT', 0, left + 1)
	for _, id in ipairs(ids) do
		if left > 0 and not id_above(id, cursor) and verdict_give(prefix, length, user, id, now, 'message.delivered', '') then
			left = left - 1
		end
	end
	for id in string.gmatch(ARGV[i + 2], '%S+') do
		if left > 0 and redis.call('ZSCORE', key, id)
				and verdict_give(prefix, length, user, id, now, 'message.delivered', '') then
			left = left - 1
		end
	end
	if left == 0 then
		-- It may have more.
		break
	end
	done = done + 1
end
return {most - left, done}
