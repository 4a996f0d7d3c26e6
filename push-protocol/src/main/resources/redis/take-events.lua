-- Takes events for a webhook: first those that a process took and did not settle, then new ones. All processes share one consumer,
-- so none is left behind by those that ended; what a process holds it names with each call, and no other takes it.
--
-- KEYS  1 stream of events
-- ARGV  1 group  2 consumer  3 ms after which an event that no call named may be taken again  4 most events
--       5 where to look on for such events, "0-0" to begin  6.. ids of the events that the caller holds
-- Returns where to look on the next time, then id, user, body of each event.

local group, consumer, most = ARGV[1], ARGV[2], tonumber(ARGV[4])

local function attempt(...)
	local reply = redis.pcall(...)
	if reply and reply.err and string.find(reply.err, '^NOGROUP') then
		redis.call('XGROUP', 'CREATE', KEYS[1], group, '0', 'MKSTREAM')
		reply = redis.pcall(...)
	end
	if reply and reply.err then
		error(reply)
	end
	return reply
end

if #ARGV > 5 then
	local held = {'XCLAIM', KEYS[1], group, consumer, '0'}
	for i = 6, #ARGV do
		held[#held + 1] = ARGV[i]
	end
	held[#held + 1] = 'JUSTID'
	attempt(unpack(held))
end

local answer = {'0-0'}
local function add(entries)
	for _, entry in ipairs(entries) do
		local fields = {}
		for i = 1, #(entry[2] or {}), 2 do
			fields[entry[2][i]] = entry[2][i + 1]
		end
		answer[#answer + 1] = entry[1]
		answer[#answer + 1] = fields.user or ''
		answer[#answer + 1] = fields.body or ''
	end
	most = most - #entries
end

if most > 0 then
	local again = attempt('XAUTOCLAIM', KEYS[1], group, consumer, ARGV[3], ARGV[5], 'COUNT', most)
	answer[1] = again[1]
	add(again[2])
end
if most > 0 then
	local new = attempt('XREADGROUP', 'GROUP', group, consumer, 'COUNT', most, 'STREAMS', KEYS[1], '>')
	if new and new[1] then
		add(new[1][2])
	end
end
return answer
