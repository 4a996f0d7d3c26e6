-- Reads what a channel retained above a position, in a batch bounded by count and bytes.
--
-- KEYS  1 clock  2 run  3 since  4 last  5 history stream  6 erased
-- ARGV  1 run id of the server  2 highest id seen  3 durable
--       4 channel  5 position (entries above it)  6 count  7 bytes, but one entry at least  8 history age in ms
-- Returns {head_id, loss_floor, "1" when nothing more is retained above the batch, predecessor, then id, envelope of each
-- entry}. The predecessor is what came before the first entry returned, or without any the channel's last id: where it lies above
-- the position, something in between is gone. What was erased in between does not count. Predecessor and envelope are "" where
-- the entry is not one of ours.

local head_id, loss_floor = clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3])

local oldest = string.format('%.0f-0', time_ms() - tonumber(ARGV[8]))
local from = above(ARGV[5])
if id_above(oldest, ARGV[5]) then
	from = oldest
end
local answer, n = {head_id, loss_floor, '0', false}, 4
local ended = walk('XRANGE', KEYS[5], from, HIGHEST, tonumber(ARGV[6]), tonumber(ARGV[7]), math.huge,
	function(id, predecessor, envelope)
		answer[4] = answer[4] or predecessor
		answer[n + 1] = id
		answer[n + 2] = envelope
		n = n + 2
	end)
if ended == 'end' then
	answer[3] = '1'
end
local predecessor = answer[4] and string.match(answer[4], '^%S+')
if predecessor and id_above(predecessor, ARGV[5]) then
	local kept = redis.pcall('HGET', KEYS[6], answer[5])
	answer[4] = type(kept) == 'string' and kept or answer[4]
end
answer[4] = answer[4] or redis.call('HGET', KEYS[4], ARGV[4]) or redis.call('HGET', KEYS[4], '') or '0-0'
return answer
