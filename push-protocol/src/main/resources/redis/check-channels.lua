-- Tells the last id of many channels at once: who has missed nothing need not read.
--
-- KEYS  1 clock  2 run  3 since  4 last
-- ARGV  1 run id of the server  2 highest id seen  3 durable  4.. channels
-- Returns {clock, since, then for each channel its last id}: the highest id forgotten where the channel is not named, for
-- its own lies no higher, and "" where there is none either.

local clock, since = clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3])
local forgotten = redis.call('HGET', KEYS[4], '')
local answer = {clock, since}
for i = 4, #ARGV do
	local last = redis.call('HGET', KEYS[4], ARGV[i]) or forgotten
	answer[#answer + 1] = last and string.match(last, '^%S+') or ''
end
return answer
