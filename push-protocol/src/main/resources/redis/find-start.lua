-- Walks back over what a channel retained, to find where its last `count` messages begin: a bounded piece, the next one
-- begins below the id that this one returns.
--
-- KEYS  1 history stream
-- ARGV  1 count, "0" for all that is retained  2 history age in ms
--       3 id below which it begins, "" for the newest  4 bytes that all of them together may have, from here on
--       5 count of this piece  6 bytes of this piece, but one entry if that is within 4
-- Returns {id of the oldest entry that was counted or "", how many were, their bytes, why it ended, bytes of the next one where
-- that does not fit 4}: it ended by "end" (nothing older is retained), "full" (the next one does not fit), or "more".

local oldest = string.format('%.0f-0', time_ms() - tonumber(ARGV[2]))
if ARGV[1] == '0' then
	local first = redis.call('XRANGE', KEYS[1], oldest, HIGHEST, 'COUNT', 1)
	return {first[1] and first[1][1] or '', '0', '0', 'end', '0'}
end
local left = tonumber(ARGV[4])
local start = ''
local ended, taken, size, refused = walk('XREVRANGE', KEYS[1], ARGV[3] == '' and HIGHEST or '(' .. ARGV[3], oldest,
	math.min(tonumber(ARGV[1]), tonumber(ARGV[5])), math.min(left, tonumber(ARGV[6])), left,
	function(id)
		start = id
	end)
if ended ~= 'end' then
	ended = (refused and size + refused > left) and 'full' or 'more'
end
return {start, tostring(taken), tostring(size), ended, ended == 'full' and tostring(refused) or '0'}
