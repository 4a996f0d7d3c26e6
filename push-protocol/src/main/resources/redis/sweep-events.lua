-- Reports the users whose last stream ended so long ago that they count as offline, and keeps the events of presence going: scripts
-- add them while the key of the settings is there. It is written here, and ends by itself where this is no longer called.
-- Where that key is not there, or is of another data-loss floor, fields or events may be missing. So what backends were told counts
-- no more ("presence.reset"), and a walk over the presence hash reports anew who is online.
--
-- KEYS  1 clock  2 since  3 presence  4 settings of events  5 users on the way to being offline  6 the walk  7 stream of events
-- ARGV  1 prefix of keys  2 delay in ms  3 about how many entries the stream keeps  4 "1" to report each stream that ends
--       5 life of the settings in ms  6 users and fields a call
-- Returns {number of users reported offline, number reported online by the walk, 1 where there is more to do now}.

local prefix, count = ARGV[1], tonumber(ARGV[6])
local now = time_ms()
local head_id, loss_floor = redis.call('GET', KEYS[1]) or '0-0', redis.call('GET', KEYS[2])
if not loss_floor then
	-- No node has spoken to this store: none has a stream.
	return {0, 0, 0}
end

-- What fails for a key of another type comes before the first write. Else the settings would be kept, and events be added of which
-- no sweep makes anything.
redis.call('XLEN', KEYS[7])
redis.call('HLEN', KEYS[3])
local known = redis.pcall('GET', KEYS[4])
local anew = type(known) ~= 'string' or string.match(known, '^%S+ %S+ %S+ (%S+)') ~= loss_floor
local offline, cursor = {}, '0'
if not anew then
	offline = redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', string.format('%.0f', now), 'LIMIT', 0, count)
	if #offline < count then
		-- TIME went back since: they would wait for as long as that.
		local ahead = redis.call('ZRANGEBYSCORE', KEYS[5], string.format('(%.0f', now + ARGV[2]), '+inf', 'LIMIT', 0,
			count - #offline)
		for _, user in ipairs(ahead) do
			offline[#offline + 1] = user
		end
	end
	cursor = redis.call('GET', KEYS[6])
	if cursor and not (#cursor < 20 and string.find(cursor, '^%d+$')) then
		cursor = '0'
	end
end

local settings = ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. loss_floor
redis.call('SET', KEYS[4], cursor and settings .. ' walking' or settings, 'PX', ARGV[5])
if anew then
	redis.call('UNLINK', KEYS[5], KEYS[6])
	redis.call('SET', KEYS[6], cursor, 'PX', ARGV[5])
	local body = string.format('{"version":1,"type":"presence.reset","at":%.0f,"data":{}}', now)
	-- After a failover TIME and the end of the stream may lie behind ids that were read before. The floor does not, and what is
	-- added next goes on from there.
	local floor_ms = id_parts(loss_floor)
	if not floor_ms or floor_ms <= now or type(redis.pcall('XADD', KEYS[7], 'MAXLEN', '~', ARGV[3], loss_floor,
		'type', 'presence.reset', 'user', '', 'body', body)) ~= 'string' then
		redis.call('XADD', KEYS[7], 'MAXLEN', '~', ARGV[3], '*', 'type', 'presence.reset', 'user', '', 'body', body)
	end
end
offline_keep(prefix, ARGV[2])

local told = 0
for _, user in ipairs(offline) do
	redis.call('ZREM', KEYS[5], user)
	-- A node of an earlier version claims without a word.
	if redis.call('HEXISTS', KEYS[3], user) == 0 then
		-- Every generation that the user had is at or below the head id, and every one to come above it.
		event_add(prefix, settings, 'user.offline', user, now, '"generation":"' .. head_id .. '"')
		told = told + 1
	end
end

local walked = 0
if cursor then
	local page = redis.call('HSCAN', KEYS[3], cursor, 'COUNT', count)
	for i = 1, #page[2], 2 do
		local owner = owner_parse(page[2][i + 1])
		if owner then
			event_add(prefix, settings, 'user.online', page[2][i], now, '"generation":"' .. owner.generation .. '"')
			walked = walked + 1
		end
	end
	cursor = page[1]
	if cursor == '0' then
		redis.call('DEL', KEYS[6])
		redis.call('SET', KEYS[4], settings, 'PX', ARGV[5])
		cursor = nil
	else
		redis.call('SET', KEYS[6], cursor, 'PX', ARGV[5])
	end
end
return {told, walked, (#offline == count or cursor) and 1 or 0}
