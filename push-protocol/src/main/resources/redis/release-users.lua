-- Gives users up, each only where the field still names that connection, so a late release never removes a newer claim.
-- The stream that ends also says how far it received its user's channel. Where that has more, and the client's cursor may have
-- passed it, the stretch is kept for the next claim; and whoever has the user already is told, by "H connection from to\n".
--
-- KEYS  1 presence  2 last
-- ARGV  1 prefix of keys  2 prefix of pub/sub channels
--       then of each: user, connection, generation ("" when it is not known), and "" or four ids with spaces between them: up to
--       where the user's channel was received, the highest cursor that the client may have, and the last stretch that was
--       announced as hidden, from and to ("0-0 0-0" for none)
-- Returns the number of fields removed.

local prefix, channels = ARGV[1], ARGV[2]

-- Whether the user's channel has, or lost, a message above `from` and up to `to`.
local function any_within(user, from, to)
	if not id_above(string.match(last_of_user(KEYS[2], user), '^%S+'), from) then
		return false
	end
	local first = redis.call('XRANGE', prefix .. 'ch:user:' .. user, '(' .. from, '+', 'COUNT', 1)[1]
	return not first or not id_above(first[1], to) or id_above(string.match(first[2][2], '^%S+'), from)
end

-- Keeps a stretch of the user's channel for the next claim.
local function keep_hidden(user, from, to)
	local key = hidden_key(prefix, user)
	local kept_from, kept_to = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
	if kept_from then
		from = id_above(from, kept_from) and kept_from or from
		to = id_above(kept_to, to) and kept_to or to
	end
	redis.call('SET', key, from .. ' ' .. to, 'PX', HIDDEN_MS)
end

local removed = 0
for i = 3, #ARGV, 4 do
	local user, connection, generation = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	local value = redis.call('HGET', KEYS[1], user)
	local owner = value and owner_parse(value)
	if owner and owner.connection == connection and (generation == '' or generation == owner.generation) then
		removed = removed + redis.call('HDEL', KEYS[1], user)
		owner = nil
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
end
return removed
