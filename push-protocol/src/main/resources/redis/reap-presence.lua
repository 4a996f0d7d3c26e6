-- Walks a slice of the presence hash: removes the fields of dead nodes and those that cannot be read, and names the fields that
-- point at the calling node, which releases those that it does not hold.
-- A lease may end early: the clock of the server steps forward, or the key is evicted or deleted. So a node without a lease is
-- only silent. The caller holds it dead once it has been silent with one and the same value in `renewals`, which the node never
-- uses twice, for longer than it may write to its clients; and both are looked at once more by the call that removes.
--
-- KEYS  1 presence  2 renewals
-- ARGV  1 prefix of keys  2 cursor of the walk, "0" to begin  3 fields a slice  4 node
--       5.. of each node that was silent: node, its value then ("" for none), "silent", "dead", or "gone" when a whole walk since
--       has removed what it left: then its value is forgotten
-- Returns {next cursor ("0" at the end), number removed of dead nodes, number removed that could not be read, number of silent
-- nodes, then node, value of each of these, then user, connection, generation of each field of the calling node}.

local prefix, node = ARGV[1], ARGV[4]

-- Of each node looked at its value in `renewals`, or false where it has a lease.
local looked, silent = {}, {}
local function silent_value(other)
	if looked[other] == nil then
		looked[other] = redis.call('EXISTS', prefix .. 'lease:' .. other) == 0
			and (redis.call('HGET', KEYS[2], other) or '')
		if looked[other] then
			silent[#silent + 1] = other
			silent[#silent + 1] = looked[other]
		end
	end
	return looked[other]
end

local dead = {}
for i = 5, #ARGV, 3 do
	local other, value, verdict = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	if silent_value(other) == value and verdict ~= 'silent' then
		dead[other] = true
		if verdict == 'gone' then
			redis.call('HDEL', KEYS[2], other)
		end
	end
end

local left
local events = redis.pcall('GET', prefix .. 'events')
if type(events) == 'string' then
	--+ clock
	--+ presence-events
	local now = time_ms()
	left = function(user, owner)
		user_left(prefix, events, user, owner, 'node-lost', now)
	end
end

local page = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local fields = page[2]
local removed, unreadable, own = 0, 0, {}
for i = 1, #fields, 2 do
	local owner = owner_parse(fields[i + 1])
	if not owner then
		unreadable = unreadable + redis.call('HDEL', KEYS[1], fields[i])
		if left then
			left(fields[i])
		end
	elseif owner.node == node then
		own[#own + 1] = fields[i]
		own[#own + 1] = owner.connection
		own[#own + 1] = owner.generation
	elseif silent_value(owner.node) and dead[owner.node] then
		removed = removed + redis.call('HDEL', KEYS[1], fields[i])
		if left then
			left(fields[i], owner)
		end
	end
end
-- A node that died without a user is in no field.
if ARGV[2] == '0' then
	for _, other in ipairs(redis.call('HRANDFIELD', KEYS[2], 10)) do
		if other ~= node then
			silent_value(other)
		end
	end
end

local answer = {page[1], removed, unreadable, #silent / 2}
for i = 1, #silent do
	answer[#answer + 1] = silent[i]
end
for i = 1, #own do
	answer[#answer + 1] = own[i]
end
return answer
