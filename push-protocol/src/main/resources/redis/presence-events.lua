-- Shared preamble, behind that of owners: what backends learn of presence.
--
-- `events` is the text under "<prefix>events", which is there while backends are to learn of it: "delay length closed floor".
-- `delay` in ms is how long after a user's last stream "user.offline" is added, `length` about how many entries the stream of
-- events keeps, `closed` is 1 where "stream.closed" is added, `floor` the data-loss floor at which this began (see sweep-events).
-- A user counts as online from the claim that found no field to "user.offline". So a user who is named in "<prefix>offline" is on
-- the way to it, and one with a field, or named there, was reported online.
-- Keys of another type are passed over: no claim fails for them. It is sweep-events that fails.

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

-- The field of a user was removed. "user.offline" follows after the delay, unless a claim comes before.
local function user_left(prefix, events, user, owner, reason, now)
	stream_ended(prefix, events, user, owner, reason, now)
	redis.pcall('ZADD', prefix .. 'offline', string.format('%.0f', now + (string.match(events, '^%d+') or 0)), user)
end
