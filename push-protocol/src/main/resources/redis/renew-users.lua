-- Renews the lease of a node and confirms that its connections still own their users.
-- Nothing is ever claimed again after a lapse: a field that is gone or of a lower generation is written back with the
-- generation which the connection always had, so the highest generation wins in any order. Only a client that has a
-- tombstone of a higher generation is not: it was displaced or disconnected, and the kick that said so was lost. A lower
-- one was left by an old connection that was itself written back late.
-- While the field was gone messages to the user went to history alone. So the node is notified of a field that is written back by
-- a frame, "B connection last\n", in order with the messages: what `last`, the user's channel, has above what the connection
-- received by then was hidden from it.
--
-- KEYS  1 clock  2 run  3 since  4 presence  5 lease of the node  6 renewals  7 last  8 log of revocations
-- ARGV  1 run id of the server  2 highest id seen  3 durable  4 prefix of keys  5 prefix of pub/sub channels  6 node
--       7 lease in ms  8 life of a tombstone in ms
--       9 value of this call for renewals  10 last entry of the log that the caller knows, "" to begin
--       11.. for each connection: user, connection, generation, client, when it was opened in ms, tier, page ("" where it is
--           not known)
-- Returns {head_id, loss_floor, last entry of the log that was read, "more" or "behind" or "", number of revocations that follow,
-- user, token, topic, value of each, then for each connection that is not simply fine: its index from 0, verdict, generation};
-- verdict "restored" (written back), "lost" (displaced by that generation) or
-- "replaced" (displaced by its own client, silently).

if not note_renewal(KEYS[6], ARGV[6], ARGV[9]) then
	return redis.error_reply(STALE)
end
local head_id, loss_floor = clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3])
local prefix, channels, node = ARGV[4], ARGV[5], ARGV[6]
redis.call('SET', KEYS[5], '1', 'PX', ARGV[7])

-- What owner_parse() wants behind the generation.
local OWNER_REST = '^%S+ %d+ [^%s/]%S* %d+ %d+$'

-- The generation that a tombstone names; nil where there is none, or the key holds something else.
local function tombstone_read(prefix, user, client)
	local id = redis.pcall('GET', tombstone_key(prefix, user, client))
	return type(id) == 'string' and id_parts(id) and id or nil
end

-- Leaves a tombstone, unless there is one that is at least as new.
local function keep_away(prefix, user, client, generation, tombstone_ms)
	local present = tombstone_read(prefix, user, client)
	if not present or id_above(generation, present) then
		tombstone_put(prefix, user, client, generation, tombstone_ms)
	end
end

-- The last message of a user's channel, as `last` says it; `head_id` where that cannot be read: something up to there may be
-- missing.
local function last_of_user(last_key, user, head_id)
	local last = redis.call('HGET', last_key, 'user:' .. user) or redis.call('HGET', last_key, '') or '0-0'
	local id, durable, expiry = string.match(last, '^(%S+) (%S+) (%d+)$')
	if id_parts(id or last) and (not id or id_parts(durable) and #expiry <= 18) then
		return last
	end
	return head_id
end

local read, extent, revoked = log_since(prefix, KEYS[8], ARGV[10], head_id)
local answer = {head_id, loss_floor, read, extent, #revoked / 4}
for i = 1, #revoked do
	answer[#answer + 1] = revoked[i]
end
local function say(index, verdict, generation)
	answer[#answer + 1] = index
	answer[#answer + 1] = verdict
	answer[#answer + 1] = generation
end

local now
for i = 11, #ARGV, 7 do
	local index = (i - 11) / 7
	local user, connection, generation, client = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
	local value = redis.call('HGET', KEYS[4], user)
	local own = node .. ' ' .. connection .. ' ' .. generation .. ' '
	-- Nearly every field is as it was, and is not taken apart.
	if not value or string.sub(value, 1, #own) ~= own or not string.find(value, OWNER_REST, #own + 1) then
		local owner = value and owner_parse(value)
		local behind = not owner or (owner.connection ~= connection and id_above(generation, owner.generation))
		local displaced_by = behind and tombstone_read(prefix, user, client)
		if displaced_by and id_above(displaced_by, generation) and not id_above(loss_floor, displaced_by) then
			say(index, 'lost', displaced_by)
		elseif behind then
			now = now or time_ms()
			if displaced_by then
				-- An older connection of its own client was displaced; the client has the user again.
				redis.call('DEL', tombstone_key(prefix, user, client))
			end
			local restored = {
				node = node, connection = connection, generation = generation, client = client,
				opened_at = ARGV[i + 4], tier = ARGV[i + 5], page = ARGV[i + 6]
			}
			local verdict = succeed(restored, owner, now)
			if owner then
				displace(prefix, channels, user, owner, restored, verdict, ARGV[8])
			end
			local events = redis.pcall('GET', prefix .. 'events')
			if type(events) == 'string' then
				--+ presence-events
				if owner then
					stream_ended(prefix, events, user, owner, verdict == 'takeover' and 'takeover' or 'replaced', now)
				elseif not value then
					user_came(prefix, events, user, generation, now)
				end
			end
			redis.call('HSET', KEYS[4], user, owner_format(restored))
			redis.call('PUBLISH', channels .. 'node:' .. node,
				string.format('B %s %s\n', connection, last_of_user(KEYS[7], user, head_id)))
			say(index, 'restored', generation)
		elseif owner.connection ~= connection then
			if owner.client ~= client then
				-- The claim that took the user found no field, so it left no tombstone.
				keep_away(prefix, user, client, owner.generation, ARGV[8])
			end
			say(index, owner.client == client and 'replaced' or 'lost', owner.generation)
		end
	end
end
return answer
