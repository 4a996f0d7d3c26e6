-- Returns the last id of many channels at once: a connection that missed nothing need not read. Callers bound how many one call
-- names.
--
-- KEYS  1 clock  2 run  3 since  4 last
-- ARGV  1 run id of the server  2 highest id seen  3 durable  4.. channels
-- Returns {head_id, loss_floor, then for each channel its last id}: the highest id forgotten where the channel is not named,
-- for its own lies no higher, and "" where there is none either. What is no id is for the caller to see.

local head_id, loss_floor = clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3])
local answer = {head_id, loss_floor}
if #ARGV > 3 then
	local states = redis.call('HMGET', KEYS[4], '', unpack(ARGV, 4))
	for i = 2, #ARGV - 2 do
		local last = states[i] or states[1]
		answer[#answer + 1] = last and (string.match(last, '^%S+') or '?') or ''
	end
end
return answer
