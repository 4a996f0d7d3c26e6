-- Reads one page of a channel's history for people and backends.
--
-- KEYS  1 last  2 history stream
-- ARGV  1 channel  2 "after" or "before"  3 id ("" for the oldest, or the newest)  4 limit  5 history age in ms
-- Returns {id of the oldest retained message or "", last id of the channel or "", "1" when there is more in that direction,
-- then id, envelope of each, oldest first}.

local oldest = string.format('%.0f-0', time_ms() - tonumber(ARGV[5]))
local limit = tonumber(ARGV[4])
local first = redis.call('XRANGE', KEYS[2], oldest, '+', 'COUNT', 1)
local last = redis.call('HGET', KEYS[1], ARGV[1])
local entries
if ARGV[2] == 'after' then
	local from = oldest
	if ARGV[3] ~= '' and id_above(ARGV[3], oldest) then
		from = '(' .. ARGV[3]
	end
	entries = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', limit + 1)
else
	local to = ARGV[3] == '' and '+' or '(' .. ARGV[3]
	entries = redis.call('XREVRANGE', KEYS[2], to, oldest, 'COUNT', limit + 1)
end
local more = #entries > limit
if more then
	table.remove(entries)
end
local answer = {first[1] and first[1][1] or '', last and string.match(last, '^%S+') or '', more and '1' or '0'}
local from, to, step = 1, #entries, 1
if ARGV[2] ~= 'after' then
	from, to, step = #entries, 1, -1
end
for i = from, to, step do
	answer[#answer + 1] = entries[i][1]
	answer[#answer + 1] = entries[i][2][4]
end
return answer
