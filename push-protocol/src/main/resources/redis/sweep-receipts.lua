-- Gives the verdicts that are due: the message was not acknowledged in time.
--
-- KEYS  1 verdicts that are awaited  2 presence
-- ARGV  1 prefix of keys  2 about how many entries the stream of events keeps  3 most verdicts of this call
-- Returns {number of verdicts, 1 where there are more to give now}.

local prefix, length, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = time_ms()
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, most)
for _, awaited in ipairs(due) do
	local id, user = string.match(awaited, '^(%S+) (.*)$')
	if id then
		local reason = redis.call('HEXISTS', KEYS[2], user) == 1 and 'unacknowledged' or 'offline'
		verdict_give(prefix, length, user, id, now, 'message.undelivered', ',"reason":"' .. reason .. '"')
	else
		redis.call('ZREM', KEYS[1], awaited)
	end
end
return {#due, #due == most and 1 or 0}
