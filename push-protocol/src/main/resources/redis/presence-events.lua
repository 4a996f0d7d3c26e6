-- Shared preamble, behind that of owners: what backends learn of presence.
--
-- `events` is the text under "<prefix>events", which is there while backends are to learn of it: "delay length closed floor",
-- and " walking" behind that while the walk of sweep-events lasts.
-- `delay` in ms is how long after a user's last stream "user.offline" is added, `length` about how many entries the stream of
-- events keeps, `closed` is 1 where "stream.closed" is added, `floor` the data-loss floor at which this began (see sweep-events).
-- A user counts as online from the claim that found no field to "user.offline". So a user who is named in "<prefix>offline" is on
-- the way to it, and one with a field, or named there, was reported online.
-- Keys of another type are passed over: no claim fails for them. It is sweep-events that fails.

-- How much longer than the delay "<prefix>offline" lasts: no less than the settings do from a sweep, so never less than they.
local OFFLINE_SPARE_MS = 3600000

-- Adds an event. `data` are the members of an object in JSON.
local function event_add(prefix, events, kind, user, now, data)
	redis.pcall('XADD', prefix .. 'receipts', 'MAXLEN', '~', string.match(events, '^%d+ (%d+)') or '0', '*',
		'type', kind, 'user', user, 'body',
		string.format('{"version":1,"type":"%s","at":%.0f,"data":{"user":%s,%s}}', kind, now, cjson.encode(user), data))
end

-- A user has a field who had none.
local function user_came(prefix, events, user, generation, now)
	if redis.pcall('ZREM', prefix .. 'offline', user) ~= 1 then
		event_add(prefix, events, 'user.online', user, now, '"generation":"' .. generation .. '"')
	end
end

-- A stream ended that had the user; `owner` is nil where the field could not be read.
local function stream_ended(prefix, events, user, owner, reason, now)
	if owner and string.find(events, '^%d+ %d+ 1 ') then
		event_add(prefix, events, 'stream.closed', user, now, string.format(
			'"generation":"%s","connection":%s,"node":%s,"reason":%s', owner.generation, cjson.encode(owner.connection),
			cjson.encode(owner.node), cjson.encode(reason)))
	end
end

-- Has "<prefix>offline" end by itself where no sweep needs it any more.
local function offline_keep(prefix, delay)
	redis.call('PEXPIRE', prefix .. 'offline', string.format('%.0f', delay + OFFLINE_SPARE_MS))
end

-- The field of a user was removed. "user.offline" follows after the delay, unless a claim comes before.
local function user_left(prefix, events, user, owner, reason, now)
	if string.find(events, ' walking$') then
		-- The walk may not have come by, and would not find the user: not even after a claim that says nothing.
		event_add(prefix, events, 'user.online', user, now, '"generation":"' .. (owner and owner.generation or '0-0') .. '"')
	end
	stream_ended(prefix, events, user, owner, reason, now)
	local delay = string.match(events, '^%d+') or 0
	if type(redis.pcall('ZADD', prefix .. 'offline', string.format('%.0f', now + delay), user)) == 'number' then
		offline_keep(prefix, delay)
	end
end
