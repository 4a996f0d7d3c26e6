-- Reads what a channel retained above a position, in a batch bounded by count and bytes.
--
-- KEYS  1 clock  2 run  3 since  4 last  5 history stream
-- ARGV  1 run id of the server  2 highest id seen  3 durable
--       4 channel  5 position (entries above it)  6 count  7 bytes  8 history age in ms
-- Returns {clock, since, "1" when nothing more is retained above the batch, predecessor, then id, envelope of each entry}.
-- The predecessor is what came before the first entry returned, or without any the channel's last id: where it lies above
-- the position, something in between is gone.

local clock, since = clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3])
local count, bytes = tonumber(ARGV[6]), tonumber(ARGV[7])

local oldest = string.format('%.0f-0', time_ms() - tonumber(ARGV[8]))
local from = '(' .. ARGV[5]
if id_above(oldest, ARGV[5]) then
	from = oldest
end
local entries = redis.call('XRANGE', KEYS[5], from, '+', 'COUNT', count)
if #entries == 0 then
	return {clock, since, '1', redis.call('HGET', KEYS[4], ARGV[4]) or redis.call('HGET', KEYS[4], '') or '0-0'}
end

-- An entry is {id, {'p', predecessor, 'm', envelope}}.
local answer = {clock, since, #entries < count and '1' or '0', entries[1][2][2]}
local size = 0
for i, entry in ipairs(entries) do
	local envelope = entry[2][4]
	if i > 1 and size + #envelope > bytes then
		answer[3] = '0'
		break
	end
	size = size + #envelope
	answer[#answer + 1] = entry[1]
	answer[#answer + 1] = envelope
end
return answer
