-- Erases one message from the history of a channel, and publishes that it is retracted: a message of the platform in the same
-- channel, which is stored where the erased one was, so that who resumes learns of it as well.
-- What came before the entry behind the erased one is kept: a reader from below finds no hole there.
--
-- KEYS  1 clock  2 since  3 last  4 presence  5 history stream  6 erased
-- ARGV  1 highest id seen  2 prefix of pub/sub channels  3 channel  4 id of the message  5 envelope of the retraction
--       6 history length  7 history age in ms
-- Returns the id of the retraction, or "" where the history does not hold the message: then nothing was done.

local call, try = redis.call, redis.pcall
local channel, id = ARGV[3], ARGV[4]

-- Fields that are looked at, where more are kept than a history can need.
local PRUNED = 20

-- What `last` said before an entry, without what was erased; "" where the entry is not one of ours.
local function before(entry)
	return call('HGET', KEYS[6], entry[1]) or (entry_read(entry))
end

local entry = call('XRANGE', KEYS[5], id, id)[1]
if not entry then
	return ''
end
local head = call('GET', KEYS[1])
if not head or not id_parts(head) then
	-- Before anything is removed: the retraction could not take an id.
	error({err = 'ERR the clock of the partition is no id'})
end
local state = before(entry)
local behind = call('XRANGE', KEYS[5], '(' .. id, '+', 'COUNT', 1)[1]
local previous = call('HGET', KEYS[3], channel) or call('HGET', KEYS[3], '') or '0-0'
call('XDEL', KEYS[5], id)
call('HDEL', KEYS[6], id)
if state ~= '' and behind then
	if string.match(before(behind), '^%S+') == id then
		call('HSET', KEYS[6], behind[1], state)
	end
elseif state ~= '' and string.match(previous, '^%S+') == id then
	previous = state
end

local ms, _, now, retraction = clock_take(1, KEYS[1], KEYS[2], ARGV[1])
-- One entry was removed, so the history does not get longer.
call('XADD', KEYS[5], retraction, 'p', previous, 'm', ARGV[5])
call('HSET', KEYS[3], channel, retraction)
local length, age = tonumber(ARGV[6]), tonumber(ARGV[7])
local share = age / length
local life = age + share + 1000
if ms > now then
	life = life + math.min(ms - now, age) + share
end
life = string.format('%.0f', life)
call('PEXPIRE', KEYS[5], life)
call('PEXPIRE', KEYS[6], life)
if call('HLEN', KEYS[6]) > length then
	-- There is a field for each entry at most; those of entries that were trimmed since go, some at a time.
	local oldest = call('XRANGE', KEYS[5], '-', '+', 'COUNT', 1)[1][1]
	for _, field in ipairs(call('HRANDFIELD', KEYS[6], PRUNED)) do
		if id_above(oldest, field) then
			call('HDEL', KEYS[6], field)
		end
	end
end

local frame = channel .. '\n' .. ARGV[5]
if string.sub(channel, 1, 5) ~= 'user:' then
	call('PUBLISH', ARGV[2] .. 'ch:' .. channel, 'M ' .. retraction .. ' - ' .. frame)
	return retraction
end
local value = try('HGET', KEYS[4], string.sub(channel, 6))
local owner = type(value) == 'string' and owner_parse(value)
if owner then
	call('PUBLISH', ARGV[2] .. 'node:' .. owner.node, 'M ' .. retraction .. ' ' .. owner.connection .. ' ' .. frame)
else
	local loss_floor = try('GET', KEYS[2])
	if presence_uncertain(type(loss_floor) == 'string' and loss_floor, now) then
		call('PUBLISH', ARGV[2] .. 'ch:all', 'M ' .. retraction .. ' - ' .. frame)
	end
end
return retraction
