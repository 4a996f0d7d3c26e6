-- Reads a piece of a page of a channel's history, for people and backends.
--
-- KEYS  1 last  2 history stream  3 erased
-- ARGV  1 channel  2 "after" or "before"  3 id ("" for the oldest, or the newest)  4 count  5 bytes  6 bytes that the first
--       entry may have all the same, "" for any number  7 history age in ms
-- Returns {last id of the channel or "", "1" when there is more in that direction, predecessor of the oldest entry or "",
-- without what was erased, then id, envelope of each, oldest first}. The envelope is "" where the entry is not one of ours.

local oldest = string.format('%.0f-0', time_ms() - tonumber(ARGV[7]))
local last = redis.call('HGET', KEYS[1], ARGV[1])
local command, from, to = 'XREVRANGE', ARGV[3] == '' and HIGHEST or '(' .. ARGV[3], oldest
if ARGV[2] == 'after' then
	command, from, to = 'XRANGE', oldest, HIGHEST
	if ARGV[3] ~= '' and id_above(ARGV[3], oldest) then
		from = above(ARGV[3])
	end
end
local ids, envelopes, predecessors, n = {}, {}, {}, 0
local ended = walk(command, KEYS[2], from, to, tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]) or math.huge,
	function(id, predecessor, envelope)
		n = n + 1
		ids[n], predecessors[n], envelopes[n] = id, predecessor, envelope
	end)
local more = ended == 'bytes'
if ended == 'count' then
	more = #redis.call(command, KEYS[2], n > 0 and '(' .. ids[n] or from, to, 'COUNT', 1) > 0
end
local first, stop, step = 1, n, 1
if ARGV[2] ~= 'after' then
	first, stop, step = n, 1, -1
end
local kept = ids[first] and redis.pcall('HGET', KEYS[3], ids[first])
if type(kept) == 'string' then
	predecessors[first] = kept
end
local answer = {last and string.match(last, '^%S+') or '', more and '1' or '0', predecessors[first] or ''}
for i = first, stop, step do
	answer[#answer + 1] = ids[i]
	answer[#answer + 1] = envelopes[i]
end
return answer
