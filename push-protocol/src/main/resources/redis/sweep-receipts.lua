-- Gives the verdicts that are due: the message was not acknowledged in time. And trims the stream of events.
--
-- KEYS  1 verdicts that are awaited  2 presence  3 stream of events
-- ARGV  1 prefix of keys  2 about how many entries the stream of events keeps  3 most verdicts of this call
--       4 how long after it was due a verdict is given, in ms: what was acknowledged in time is on its way
--       5 when the call was sent, in ms of this clock: a call that waited gives no verdicts that came due meanwhile, for
--       acknowledgements waited as well; "0" gives none
-- Returns {number of verdicts for users who are offline, number for others, 1 where there are more to give now, this clock in ms}.

local prefix, most = ARGV[1], tonumber(ARGV[3])
-- What fails for a key of another type comes before the first write. Else what is awaited would be gone without a verdict.
redis.call('XLEN', KEYS[3])
local now = time_ms()
local due_by = string.format('%.0f', math.min(now, ARGV[5]) - ARGV[4])
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', due_by, 'LIMIT', 0, most)
local offline, online = 0, 0
for _, awaited in ipairs(due) do
	if redis.call('HEXISTS', KEYS[2], string.match(awaited, ' (.*)$') or '') == 1 then
		if verdict_give(prefix, awaited, now, 'receipt.undelivered', ',"reason":"unacknowledged"') then
			online = online + 1
		end
	elseif verdict_give(prefix, awaited, now, 'receipt.undelivered', ',"reason":"offline"') then
		offline = offline + 1
	end
end
redis.call('XTRIM', KEYS[3], 'MAXLEN', '~', ARGV[2])
return {offline, online, #due == most and 1 or 0, now}
