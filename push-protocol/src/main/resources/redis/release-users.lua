-- Gives users up, each only where the field still names that connection, so a late release never removes a newer claim.
-- The stream that ends also says how far it received its user's channel. Where that has more, and the client's cursor may have
-- passed it, the stretch is kept for the next claim; and the connection that owns the user by then is notified by
-- "H connection from to\n".
--
-- KEYS  1 presence  2 last
-- ARGV  1 prefix of keys  2 prefix of pub/sub channels  3 fields that a call may read  4 bytes of history that it may look at
--       then of each: user, connection, generation ("" when it is not known), "" or four ids with spaces between them: up to
--       where the user's channel was received, the highest cursor that the client may have, and the last stretch that was
--       announced as hidden, from and to ("0-0 0-0" for none); why the stream ended; and "", or its client and the ids (100) of
--       messages that were written to it and not acknowledged, with spaces between them
-- Returns the number of fields removed, or {that, number of users dealt with} where not all were: those from the first on; the
-- others are to be sent again.

local prefix, channels = ARGV[1], ARGV[2]
local reads_left, bytes_left = tonumber(ARGV[3]), tonumber(ARGV[4])

-- Whether the user's channel has, or lost, a message above `from` and up to `to`. What is not an id counts as a message.
local function any_within(user, from, to)
	reads_left = reads_left - 1
	local last = redis.call('HGET', KEYS[2], 'user:' .. user)
	if not last then
		reads_left = reads_left - 1
		last = redis.call('HGET', KEYS[2], '') or '0-0'
	end
	last = string.match(last, '^%S+')
	last = last and id_parts(last) and last
	if last and not id_above(last, from) then
		return false
	elseif not last or not id_above(last, to) then
		return true
	end
	-- A key of another type holds none.
	local first = redis.pcall('XRANGE', prefix .. 'ch:user:' .. user, '(' .. from, '+', 'COUNT', 1)[1]
	if not first then
		return true
	end
	local predecessor, _, size = entry_read(first)
	bytes_left = bytes_left - size
	local before = string.match(predecessor, '^%S+')
	return not id_above(first[1], to) or not before or not id_parts(before) or id_above(before, from)
end

-- Keeps a stretch of the user's channel for the next claim.
local function keep_hidden(user, from, to)
	local key = prefix .. 'hidden:' .. user
	local kept, kept_from, kept_to = hidden_read(key)
	if kept and not kept_from then
		-- The next claim takes it for any stretch up to then.
		redis.call('PEXPIRE', key, HIDDEN_MS)
		return
	elseif kept then
		from = id_above(from, kept_from) and kept_from or from
		to = id_above(kept_to, to) and kept_to or to
	end
	redis.call('SET', key, from .. ' ' .. to, 'PX', HIDDEN_MS)
end

local left
local events = redis.pcall('GET', prefix .. 'events')
if type(events) == 'string' then
	--+ clock
	--+ presence-events
	local now = time_ms()
	left = function(user, owner, reason)
		user_left(prefix, events, user, owner, reason, now)
	end
end

local removed, done = 0, 0
for i = 5, #ARGV, 6 do
	if done > 0 and (reads_left < 3 or bytes_left <= 0) then
		break
	end
	done = done + 1
	local user, connection, generation = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	reads_left = reads_left - 1
	local value = redis.call('HGET', KEYS[1], user)
	local owner, named = value and owner_parse(value), false
	if owner and owner.connection == connection and (generation == '' or generation == owner.generation) then
		removed = removed + redis.call('HDEL', KEYS[1], user)
		if left then
			left(user, owner, ARGV[i + 4])
		end
		owner, named = nil, true
	end
	local received, cursor, from, to = string.match(ARGV[i + 3], '^(%S+) (%S+) (%S+) (%S+)$')
	if received and id_above(cursor, received) and any_within(user, received, cursor) then
		from = (to == '0-0' or id_above(from, received)) and received or from
		to = id_above(to, cursor) and to or cursor
	end
	if to and to ~= '0-0' then
		keep_hidden(user, from, to)
		if owner then
			redis.call('PUBLISH', channels .. 'node:' .. owner.node,
				string.format('H %s %s %s\n', owner.connection, from, to))
		end
	end
	local client, ids = string.match(ARGV[i + 5], '^(%S+) (.+)$')
	if client then
		--+ unacknowledged
		reads_left = reads_left - unacknowledged_keep(prefix, channels, user, client, ids, owner, named)
	end
end
return 4 + done * 6 == #ARGV and removed or {removed, done}
