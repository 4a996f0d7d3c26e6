-- Walks a slice of `last` and forgets channels that were silent for long. The highest id forgotten is kept under the empty
-- channel name: of a channel that is not named, nothing above that id is missing.
--
-- KEYS  1 last
-- ARGV  1 cursor of the walk, "0" to begin  2 fields a slice  3 silence in ms after which a channel is forgotten
-- Returns {next cursor ("0" at the end), number forgotten}.

local limit = string.format('%.0f-0', time_ms() - tonumber(ARGV[3]))
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local fields = page[2]
local forgotten = redis.call('HGET', KEYS[1], '')
if forgotten and not id_parts(forgotten) then
	-- All that was ever forgotten lies below the limit.
	forgotten = limit
	redis.call('HSET', KEYS[1], '', forgotten)
end
local highest, removed = forgotten or '0-0', 0
for i = 1, #fields, 2 do
	-- What is no id stays: nothing says how old it is.
	local id = string.match(fields[i + 1], '^%S+')
	if fields[i] ~= '' and id and id_parts(id) and id_above(limit, id) then
		removed = removed + redis.call('HDEL', KEYS[1], fields[i])
		if id_above(id, highest) then
			highest = id
		end
	end
end
if removed > 0 then
	redis.call('HSET', KEYS[1], '', highest)
end
return {page[1], removed}
